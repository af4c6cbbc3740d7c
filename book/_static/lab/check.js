/* The page's numbers beside those of fico_lib, which the build of the book wrote to grid.js. */
"use strict";

const labCheck = (() => {
  const TOLERANCE = 1e-8; // percent; the grid is rounded to nine decimals

  /* The numbers of a case in the order of fico_lib.study.metric_lab.numbers. */
  function numbers(text) {
    const state = { ...labCase.defaults(), ...labCase.read(text) };
    if (state.codes) state.rankings = [labCase.rankingOfCodes(state.codes)];
    const parts = state.gallery
      ? labMetrics.ofGallery(state.gallery, state)
      : labMetrics.ofCase(state);
    const found = [];
    for (const name of labMetrics.names) {
      for (const part of ["mean", "worst", "best", "chance"]) {
        found.push(parts[part][name]);
      }
    }
    return found.concat(parts.curve.map((precision) => 100 * precision));
  }

  /* grid: [text, numbers] of each case. What agrees, and the first few that do not. */
  function compare(grid) {
    const wrong = [];
    let compared = 0;
    for (const [text, expected] of grid) {
      const found = numbers(text);
      compared += expected.length;
      const same = found.length === expected.length
        && found.every((value, i) => Math.abs(value - expected[i]) <= TOLERANCE);
      if (!same) wrong.push({ text, expected, found });
    }
    return { cases: grid.length, compared, wrong: wrong.length, first: wrong.slice(0, 3) };
  }

  return { compare };
})();
