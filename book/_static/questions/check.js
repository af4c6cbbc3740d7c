/* Whether an answer is right, and what to say of it. Pure functions; the questions are those of
   fico_lib.study.questions. */
"use strict";

const ficoCheck = (() => {
  const TOLERANCE = 0.005; // of the right value
  const NUMBER = /^(-?\d+(?:\.\d+)?)(?:\s*\/\s*(\d+(?:\.\d+)?))?\s*(%?)$/;

  /* The number of a text such as 0.75, 3/4, 75 % or 1,536; null where it is none. */
  function read(text, share) {
    const plain = text.trim().replace("−", "-").replace(/(\d),(?=\d{3}(\D|$))/g, "$1");
    const [, above, below, sign] = plain.match(NUMBER) || [];
    if (above === undefined || Number(below) === 0) return null;
    const value = Number(above) / (below === undefined ? 1 : Number(below));
    return sign || (share && value > 1) ? value / 100 : value;
  }

  const near = (value, other) => Math.abs(value - other) <= TOLERANCE * Math.abs(other) + 1e-12;

  function number(question, text) {
    const value = read(text, question.share);
    if (value === null) {
      const also = question.share ? ", a fraction or a percentage, as 0.75, 3/4 or 75 %" : ", as 1.5";
      return { right: false, said: `Write a number${also}.` };
    }
    if (near(value, question.right)) return { right: true, said: "Right." };
    const [, said] = question.wrong.find(([wrong]) => near(value, wrong)) || [];
    return { right: false, said: said || "Not this, and not one of the usual mistakes." };
  }

  function choice(question, text) {
    const [, said] = question.options.find(([option]) => option === text) || [];
    if (said === undefined) return { right: false, said: "Choose one." };
    return { right: text === question.right, said };
  }

  function words(question, text) {
    const given = text.toLowerCase().split(/[\s,;{}]+/).filter(Boolean);
    if (!given.length) return { right: false, said: "Write words with commas between them." };
    const extra = given.find((word) => !question.right.includes(word));
    if (extra) {
      const [, said] = question.wrong.find(([wrong]) => wrong === extra) || [];
      return { right: false, said: said || `“${extra}” is not one of them.` };
    }
    const missing = question.right.filter((word) => !given.includes(word)).length;
    return missing
      ? { right: false, said: `So far right; ${missing} more.` }
      : { right: true, said: "Right." };
  }

  /* text: what was written, or the option that was chosen. */
  return (question, text) => ({ number, choice, words })[question.kind](question, text);
})();
