/* The panel of hash codes: flip bits and see distances, ties, and what the ranking is worth. */
"use strict";

const labCodes = (() => {
  const { element, button } = labView;
  const LETTERS = "abcdefghijkl";

  /* codes: { query, gallery }; update: called after every change. */
  function panel(codes, update) {
    const order = labCase.byDistance(codes);

    function bits(code, whose, id) {
      return code.map((bit, i) => {
        const differs = bit !== codes.query[i];
        const said = differs ? ", differs from the query" : "";
        return button(String(bit), {
          class: `lab-bit${bit ? " one" : ""}${differs ? " differs" : ""}`,
          "aria-label": `Bit ${i + 1} of ${whose}: ${bit}${said}`,
          tabindex: i === 0 ? 0 : -1,
          "data-focus": `bit-${id}-${i}`,
          onclick: () => {
            code[i] = 1 - bit;
            update();
          },
          onkeydown: (event) => {
            const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
            const next = [...event.target.parentNode.children][i + step];
            if (!step || !next) return;
            event.preventDefault();
            next.focus();
          },
        });
      });
    }

    function row(code, stored) {
      const distance = labCase.hamming(codes.query, code.bits);
      const equals = order.filter((other) => other.distance === distance).length;
      const first = order.findIndex((other) => other.distance === distance) + 1;
      const rank = equals > 1 ? `${first}–${first + equals - 1}` : String(first);
      return element(
        "tr",
        {},
        element("th", { scope: "row", class: "words" }, LETTERS[stored]),
        element("td", { class: "lab-code" }, ...bits(code.bits, LETTERS[stored], stored)),
        element("td", {}, String(distance)),
        element("td", {}, rank),
        element(
          "td",
          {},
          element("input", {
            type: "checkbox",
            "aria-label": `${LETTERS[stored]} is relevant`,
            "data-focus": `relevant-${stored}`,
            checked: code.relevant === 1,
            onchange: () => {
              code.relevant = 1 - code.relevant;
              update();
            },
          }),
        ),
      );
    }

    const head = ["", "code", "distance", "rank", "relevant"].map((title) =>
      element("th", { scope: "col", class: title === "" || title === "code" ? "words" : "" }, title),
    );
    const query = element(
      "tr",
      {},
      element("th", { scope: "row", class: "words" }, "query"),
      element("td", { class: "lab-code" }, ...bits(codes.query, "the query", "query")),
      element("td", { colspan: 3 }),
    );
    return element(
      "table",
      { class: "fico-table lab-codes" },
      element("caption", {}, "Bits that differ from the query's are underlined."),
      element("thead", {}, element("tr", {}, ...head)),
      element("tbody", {}, query, ...codes.gallery.map(row)),
    );
  }

  /* "a = c (1), b (3)": who is how far. */
  function said(codes) {
    const order = labCase.byDistance(codes);
    const groups = new Map();
    for (const { stored, distance } of order) {
      groups.set(distance, [...(groups.get(distance) || []), LETTERS[stored]]);
    }
    const parts = [...groups].map(([distance, names]) => `${names.join(" = ")} at ${distance}`);
    return `By distance: ${parts.join(", ")}.`;
  }

  /* The same codes with another number of bits: cut, or filled with zeros. */
  function resize(codes, bits) {
    const fit = (code) => Array.from({ length: bits }, (_, i) => code[i] || 0);
    codes.query = fit(codes.query);
    for (const code of codes.gallery) code.bits = fit(code.bits);
  }

  function add(codes) {
    if (codes.gallery.length === labCase.LIMITS.codes) return;
    codes.gallery.push({ bits: [...codes.query], relevant: 0 });
  }

  function remove(codes) {
    if (codes.gallery.length > 1) codes.gallery.pop();
  }

  return { panel, said, resize, add, remove };
})();
