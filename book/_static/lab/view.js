/* What the panels draw with: elements, the table of metrics, the precision-recall curve. */
"use strict";

const labView = (() => {
  /* An element with attributes and children; `on...` attributes are listeners. */
  function element(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (value === true) node.setAttribute(name, "");
      else if (value !== false && value !== undefined) node.setAttribute(name, value);
    }
    node.append(...children);
    return node;
  }

  function svg(tag, attributes, ...children) {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }

  const button = (text, attributes) => element("button", { type: "button", ...attributes }, text);

  /* Four significant digits are enough for a chance level of 0.02 %. */
  const percent = (value) => String(Number(value.toPrecision(4)));

  const named = (name, k) => name.replace("@k", `@${k}`);

  /* Metrics by row; columns: pairs of a heading and the values by name. */
  function table(caption, columns, k) {
    const head = ["", ...columns.map(([title]) => title)].map((title) =>
      element("th", { scope: "col", class: title ? "" : "words" }, title),
    );
    const rows = labMetrics.names.map((name) =>
      element(
        "tr",
        {},
        element("th", { scope: "row", class: "words" }, named(name, k)),
        ...columns.map(([, values]) => element("td", {}, percent(values[name]))),
      ),
    );
    return element(
      "table",
      { class: "fico-table" },
      element("caption", {}, caption),
      element("thead", {}, element("tr", {}, ...head)),
      element("tbody", {}, ...rows),
    );
  }

  const SIZE = { width: 340, height: 240, left: 38, right: 12, top: 10, bottom: 36 };
  const x = (recall) => SIZE.left + recall * (SIZE.width - SIZE.left - SIZE.right);
  const y = (precision) => SIZE.height - SIZE.bottom - precision * (SIZE.height - SIZE.top - SIZE.bottom);

  function axes() {
    const parts = [];
    for (const tick of [0, 0.5, 1]) {
      parts.push(
        svg("line", { class: "lab-grid", x1: x(tick), x2: x(tick), y1: y(0), y2: y(1) }),
        svg("line", { class: "lab-grid", x1: x(0), x2: x(1), y1: y(tick), y2: y(tick) }),
        svg("text", { x: x(tick), y: y(0) + 14, "text-anchor": "middle" }, String(tick)),
        svg("text", { x: x(0) - 6, y: y(tick) + 4, "text-anchor": "end" }, String(tick)),
      );
    }
    const middle = y(0.5);
    parts.push(
      svg("text", { x: x(0.5), y: SIZE.height - 4, "text-anchor": "middle" }, "recall"),
      svg(
        "text",
        { x: 10, y: middle, "text-anchor": "middle", transform: `rotate(-90 10 ${middle})` },
        "precision",
      ),
    );
    return parts;
  }

  /* The interpolated curve (11 precisions), and a query's operating points as rings. */
  function curve(precisions, points) {
    const places = precisions.map((precision, i) => [x(i / 10), y(precision)]);
    const said = precisions.map((p, i) => `${percent(100 * p)} at recall ${i / 10}`).join(", ");
    return svg(
      "svg",
      {
        viewBox: `0 0 ${SIZE.width} ${SIZE.height}`,
        class: "lab-curve",
        role: "img",
        "aria-label": `Interpolated precision in percent: ${said}`,
      },
      ...axes(),
      svg("polyline", { class: "lab-line", points: places.map((p) => p.join(",")).join(" ") }),
      ...places.map(([cx, cy]) => svg("circle", { class: "lab-dot", cx, cy, r: 3 })),
      ...points.map(({ recall, precision }) =>
        svg("circle", { class: "lab-ring", cx: x(recall), cy: y(precision), r: 6 }),
      ),
    );
  }

  /* Replace what a node holds; the focus stays on what has the same `data-focus`. */
  function refill(node, ...children) {
    const focused = node.contains(document.activeElement) && document.activeElement.dataset.focus;
    node.replaceChildren(...children);
    if (focused) node.querySelector(`[data-focus="${focused}"]`)?.focus();
  }

  return { element, button, percent, named, table, curve, refill };
})();
