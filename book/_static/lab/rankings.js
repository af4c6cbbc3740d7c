/* The panel of rankings: move candidates, mark them relevant, tie them. A tie belongs to places:
   candidates move through it. */
"use strict";

const labRankings = (() => {
  const { element, button } = labView;
  const LETTERS = "abcdefghijklmnopqrstuvwxyz";

  /* Give the candidates of rankings that were read their names. */
  function name(rankings) {
    return rankings.map((query) => ({ ...query, names: [...LETTERS].slice(0, query.relevant.length) }));
  }

  /* ---- Changes of a query, in place ---- */

  function move(query, from, to) {
    if (to < 0 || to >= query.names.length) return;
    for (const list of [query.names, query.relevant]) list.splice(to, 0, ...list.splice(from, 1));
  }

  function toggle(query, place) {
    query.relevant[place] = 1 - query.relevant[place];
  }

  function tie(query, place) {
    if (place > 0) query.joined[place] = !query.joined[place];
  }

  function remove(query, place) {
    if (query.names.length === 1) return;
    for (const list of [query.names, query.relevant, query.joined]) list.splice(place, 1);
    query.joined[0] = false;
  }

  function add(query) {
    if (query.names.length === labCase.LIMITS.candidates) return;
    query.names.push([...LETTERS].find((letter) => !query.names.includes(letter)));
    query.relevant.push(0);
    query.joined.push(false);
  }

  /* ---- Drawing ---- */

  /* "2", or "2–4" for places that are tied. */
  function ranks({ joined }) {
    const first = joined.map((_, i) => i);
    const last = joined.map((_, i) => i);
    for (let i = 1; i < joined.length; i += 1) if (joined[i]) first[i] = first[i - 1];
    for (let i = joined.length - 2; i >= 0; i -= 1) if (joined[i + 1]) last[i] = last[i + 1];
    return first.map((a, i) => (a === last[i] ? `${a + 1}` : `${a + 1}–${last[i] + 1}`));
  }

  const chip = ({ query, name: letter }) =>
    document.querySelector(`[data-focus="chip-${query}-${letter}"]`);

  /* Show which candidate is selected, without drawing anew: a click or a drag is under way. */
  function mark(selected) {
    document.querySelector(".lab-chip.selected")?.classList.remove("selected");
    const node = chip(selected);
    node.classList.add("selected");
    for (const other of node.closest("ol").querySelectorAll("button")) other.tabIndex = -1;
    node.tabIndex = 0;
  }

  /* state: the page's; update: called after every change; select: with what gets the focus. */
  function panel(state, update, select) {
    const change = (action) => (...given) => {
      action(...given);
      update();
    };

    function keys(event, query, q, place) {
      if (event.ctrlKey || event.metaKey) return;
      const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
      const near = (at) => ({
        query: q,
        name: query.names[Math.min(Math.max(at, 0), query.names.length - 1)],
      });
      if (step && !event.shiftKey && !event.altKey) {
        chip(near(place + step)).focus();
      } else if (step) {
        change(move)(query, place, place + step);
      } else if (event.key === "t" || event.key === "T") {
        change(tie)(query, place);
      } else if (event.key === "Delete") {
        change(remove)(query, place);
        chip(near(place)).focus();
      } else {
        return;
      }
      event.preventDefault();
    }

    function candidate(query, q, place, rank) {
      const self = { query: q, name: query.names[place] };
      const isSelected = state.selected.query === q && state.selected.name === self.name;
      const isRelevant = query.relevant[place] === 1;
      const tied = rank.includes("–");
      const node = button(isRelevant ? `${self.name} ✓` : self.name, {
        class: `lab-chip${isRelevant ? " relevant" : ""}${isSelected ? " selected" : ""}`,
        "aria-pressed": String(isRelevant),
        "aria-label": `${self.name}, rank ${rank.replace("–", " to ")}${tied ? ", tied" : ""}, relevant`,
        tabindex: isSelected || (state.selected.query !== q && place === 0) ? 0 : -1,
        "data-focus": `chip-${q}-${self.name}`,
        onkeydown: (event) => keys(event, query, q, place),
        onfocus: () => select(self),
        onclick: () => {
          if (node.dataset.dragged) return;
          select(self);
          change(toggle)(query, place);
        },
      });
      labDrag(node, (to) => change(move)(query, place, to));
      const sign = query.joined[place] ? "=" : "";
      return element(
        "li",
        { class: `lab-place${tied ? " tied" : ""}` },
        element("span", { class: "lab-sign", "aria-hidden": "true" }, sign),
        node,
        element("span", { class: "lab-rank", "aria-hidden": "true" }, rank),
      );
    }

    function row(query, q) {
      const rank = ranks(query);
      const title = `Query ${q + 1}, best first`;
      const places = query.names.map((_, place) => candidate(query, q, place, rank[place]));
      return element(
        "div",
        { class: "lab-query", role: "group", "aria-label": title },
        element("p", { class: "lab-title" }, title),
        element("ol", { class: "lab-ranking" }, ...places),
        element(
          "p",
          { class: "lab-buttons" },
          button("Add a candidate", { "data-focus": `add-${q}`, onclick: change(() => add(query)) }),
          button("Remove this query", {
            "data-focus": `remove-${q}`,
            disabled: state.rankings.length === 1,
            onclick: change(() => state.rankings.splice(q, 1)),
          }),
        ),
      );
    }

    return state.rankings.map(row);
  }

  /* The buttons that act on the selected candidate. */
  function tools(state, update) {
    const { query: q, name: letter } = state.selected;
    const query = state.rankings[q];
    const place = query.names.indexOf(letter);
    const act = (text, action, disabled = false) =>
      button(text, {
        "data-focus": `tool-${text}`,
        disabled,
        onclick: () => {
          action();
          update();
        },
      });
    return [
      element("span", {}, `Candidate ${letter} of query ${q + 1}:`),
      act("Move earlier", () => move(query, place, place - 1), place === 0),
      act("Move later", () => move(query, place, place + 1), place === query.names.length - 1),
      act("Relevant or not", () => toggle(query, place)),
      act("Tie with the one before, or not", () => tie(query, place), place === 0),
      act("Remove", () => remove(query, place), query.names.length === 1),
    ];
  }

  /* A selection that is there: candidates and queries may have gone. */
  function selection({ rankings, selected = { query: 0 } }) {
    const q = Math.min(selected.query, rankings.length - 1);
    const { names } = rankings[q];
    return { query: q, name: names.includes(selected.name) ? selected.name : names[0] };
  }

  return { name, panel, tools, selection, mark };
})();
