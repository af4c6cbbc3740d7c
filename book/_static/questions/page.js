/* Fields for the answers below an exercise that has questions; Enter, or the button, checks them. */
"use strict";

(() => {
  const make = (tag, attributes, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  };

  /* The field of a question: its node, and how to read what was answered. */
  function field(question, id) {
    if (question.kind === "choice") {
      const radios = question.options.map(([option], i) => {
        const radio = make("input", { type: "radio", name: id, id: `${id}-${i}`, value: option });
        return make("span", {}, radio, make("label", { for: radio.id }, ` ${option}`));
      });
      const node = make("fieldset", {}, make("legend", {}, question.ask), ...radios);
      return { node, read: () => node.querySelector("input:checked")?.value ?? "" };
    }
    const input = make("input", { id, autocomplete: "off", size: 10, "aria-describedby": `${id}-said` });
    return {
      node: make("span", {}, make("label", { for: id }, `${question.ask}: `), input),
      read: () => input.value,
    };
  }

  function show(output, text, found) {
    output.textContent = text ? `${found.right ? "✓" : "✗"} ${found.said}` : "";
    output.className = text && found.right ? "right" : "";
  }

  function form(label, questions) {
    const fields = questions.map((question, i) => {
      const id = `${label}-answer-${i}`;
      const output = make("output", { id: `${id}-said`, role: "status" });
      return { question, output, ...field(question, id) };
    });
    const node = make(
      "form",
      { class: "fico-questions", "aria-label": "Check your answers" },
      ...fields.map(({ node: asked, output }) => make("div", {}, asked, output)),
      make("button", { type: "submit" }, "Check"),
    );
    node.addEventListener("submit", (event) => {
      event.preventDefault();
      for (const { question, output, read } of fields) show(output, read(), ficoCheck(question, read()));
    });
    return node;
  }

  document.addEventListener("DOMContentLoaded", () => {
    for (const [label, questions] of Object.entries(ficoQuestions)) {
      document.getElementById(label)?.append(form(label, questions));
    }
  });
})();
