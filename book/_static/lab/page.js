/* The metric lab: what is shown is a state, which an address can name; see case.js. */
"use strict";

(() => {
  const find = (id) => document.getElementById(`lab-${id}`);
  const { refill, table, percent, named } = labView;
  let state = {};
  let saying = 0;

  /* The state that an address names; the start, with a word on what is wrong, where it names none. */
  function load() {
    const start = { ...labCase.defaults(), ...labCase.read(labCase.START) };
    let given = {};
    find("wrong").textContent = "";
    const text = location.hash.slice(1);
    if (text === "check" || text.includes("=")) {
      try {
        given = text === "check" ? {} : { ...labCase.defaults(), ...labCase.read(text) };
      } catch (error) {
        find("wrong").textContent = `This address names no case. ${error.message}.`;
      }
    }
    state = { ...start, ...given };
    state.rankings = labRankings.name(state.rankings);
    draw();
    const shown = ["codes", "gallery", "rankings"].find((part) => given[part]);
    if (shown) find(`${shown}-title`).scrollIntoView();
    if (text === "check") check();
  }

  /* ---- Drawing ---- */

  function draw() {
    state.selected = labRankings.selection(state);
    find("k").value = state.k;
    for (const name of Object.keys(labCase.OPTIONS)) find(name).value = state[name];
    drawRankings();
    drawGallery();
    drawCodes();
  }

  function link(id, part) {
    const how = { k: state.k, denominator: state.denominator, ties: state.ties, mode: state.mode };
    find(id).href = `#${labCase.write({ ...how, ...part })}`;
  }

  const ofTies = (found) => [
    ["ties: relevant last", found.worst],
    ["ties: relevant first", found.best],
    ["by chance", found.chance],
  ];

  function drawRankings() {
    const found = labMetrics.ofCase(state);
    const one = found.queries.length === 1;
    const queries = one ? [] : found.queries.map((values, q) => [`query ${q + 1}`, values]);
    const columns = [...queries, [one ? "value" : "mean", found.mean], ...ofTies(found)];
    refill(find("rankings"), ...labRankings.panel(state, draw, select));
    refill(find("tools"), ...labRankings.tools(state, draw));
    refill(find("rankings-table"), table("The rankings above, in percent", columns, state.k));
    const query = state.rankings[state.selected.query];
    const groups = labGroups.tieGroups(query, state.ties);
    refill(find("curve"), labView.curve(found.curve, labMetrics.operatingPoints(groups)));
    find("curve-said").textContent = one
      ? "Interpolated precision; rings are the ends of whole ties."
      : `Interpolated precision, mean of the queries; rings are of query ${state.selected.query + 1}.`;
    find("add-query").disabled = state.rankings.length === labCase.LIMITS.queries;
    link("rankings-link", { rankings: state.rankings });
    say(found.mean);
  }

  function select(selected) {
    if (state.selected.query === selected.query && state.selected.name === selected.name) return;
    state.selected = selected;
    labRankings.mark(selected);
    refill(find("tools"), ...labRankings.tools(state, draw));
  }

  /* What a screen reader is told: not every step of a change, but where it ends. */
  function say(values) {
    const parts = labMetrics.names.map((n) => `${named(n, state.k)} ${percent(values[n])} %`);
    clearTimeout(saying);
    saying = setTimeout(() => {
      find("said").textContent = `${parts.join(", ")}.`;
    }, 300);
  }

  function drawGallery() {
    const { candidates, relevant } = state.gallery;
    const found = labMetrics.ofGallery(state.gallery, state);
    find("candidates").value = candidates;
    find("captions").value = relevant;
    find("share").value = Math.round((100 * relevant) / candidates);
    find("share-said").textContent = `${percent((100 * relevant) / candidates)} %`;
    const columns = [
      ["worst ranking", found.worst],
      ["by chance", found.chance],
      ["best ranking", found.best],
    ];
    refill(find("gallery-table"), table("One query of this gallery, in percent", columns, state.k));
    link("gallery-link", { gallery: state.gallery });
  }

  function drawCodes() {
    const found = labMetrics.ofCase({ ...state, rankings: [labCase.rankingOfCodes(state.codes)] });
    find("bits").value = state.codes.query.length;
    refill(find("codes"), labCodes.panel(state.codes, drawCodes));
    find("codes-said").textContent = labCodes.said(state.codes);
    const columns = [["value", found.mean], ...ofTies(found)];
    refill(find("codes-table"), table("The codes' ranking, in percent", columns, state.k));
    link("codes-link", { codes: state.codes });
  }

  /* ---- Controls ---- */

  /* A whole number from a field, between its bounds; what stood there before where it is none. */
  function whole(id, before) {
    const field = find(id);
    const value = Math.round(Number(field.value));
    if (!field.value || !Number.isFinite(value)) return before;
    return Math.min(Math.max(value, Number(field.min)), Number(field.max));
  }

  function listen() {
    const on = (id, event, action, redraw = draw) =>
      find(id).addEventListener(event, () => {
        action();
        redraw();
      });
    on("k", "change", () => (state.k = whole("k", state.k)));
    for (const name of Object.keys(labCase.OPTIONS)) {
      on(name, "change", () => (state[name] = find(name).value));
    }
    on("add-query", "click", () => {
      const last = state.rankings[state.rankings.length - 1];
      const copy = Object.fromEntries(Object.entries(last).map(([key, list]) => [key, [...list]]));
      state.rankings.push(copy);
    });
    const gallery = (candidates, relevant) =>
      (state.gallery = { candidates, relevant: Math.min(relevant, candidates) });
    on("candidates", "change", () => {
      gallery(whole("candidates", state.gallery.candidates), state.gallery.relevant);
    }, drawGallery);
    on("captions", "change", () => {
      gallery(state.gallery.candidates, whole("captions", state.gallery.relevant));
    }, drawGallery);
    on("share", "input", () => {
      const { candidates } = state.gallery;
      gallery(candidates, Math.round((Number(find("share").value) / 100) * candidates));
    }, drawGallery);
    on("bits", "change", () => {
      labCodes.resize(state.codes, whole("bits", state.codes.query.length));
    }, drawCodes);
    on("add-code", "click", () => labCodes.add(state.codes), drawCodes);
    on("remove-code", "click", () => labCodes.remove(state.codes), drawCodes);
    find("rank-codes").addEventListener("click", () => {
      state.rankings = labRankings.name([labCase.rankingOfCodes(state.codes)]);
      draw();
      find("rankings-title").scrollIntoView();
    });
    find("check").addEventListener("click", check);
    find("conventions").addEventListener("submit", (event) => event.preventDefault());
    window.addEventListener("hashchange", load);
  }

  /* ---- The library's numbers ---- */

  function verdict() {
    const { cases, compared, wrong, first } = labCheck.compare(labGrid);
    const count = (number) => number.toLocaleString("en");
    find("verdict").textContent = wrong
      ? `${count(wrong)} of ${count(cases)} cases differ from fico_lib, first ${first[0].text}.`
      : `All ${count(compared)} numbers of ${count(cases)} cases agree with fico_lib.`;
    find("verdict").dataset.verdict = JSON.stringify({ cases, compared, wrong });
  }

  function check() {
    if (typeof labGrid !== "undefined") {
      verdict();
      return;
    }
    const script = document.createElement("script");
    script.src = find("check").dataset.grid;
    script.onload = verdict;
    script.onerror = () => (find("verdict").textContent = "The file of the library's numbers is missing.");
    document.head.append(script);
    find("verdict").textContent = "Comparing …";
  }

  find("page").hidden = false;
  listen();
  load();
})();
