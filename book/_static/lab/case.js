/* A case as the part of an address after the #, and back; fico_lib.study.metric_lab reads the same.

   case=10=1/011   the rankings of two queries, best first: 1 relevant, 0 not, = joins a tie
   gallery=100:5   candidates, and how many of them are relevant
   codes=0110:0111r,0000   the query's code, then those of the gallery, r behind relevant ones
   k=2             and denominator, ties, mode, as in fico_lib; what is not named has the default */
"use strict";

const labCase = (() => {
  const OPTIONS = {
    denominator: ["hits", "min", "total", "relevant"],
    ties: ["expected", "optimistic", "pessimistic", "index"],
    mode: ["any", "fraction"],
  };
  const LIMITS = { queries: 6, candidates: 26, gallery: 100000, codes: 12, bits: 16 };
  const START = "case=10=1=00100/010010=1&gallery=5000:5&codes=01101001:01101011r,11101001,00101000r,10010110&k=3";

  function fail(name, found, expected) {
    throw new Error(`${name}: found '${found}'; expected ${expected}`);
  }

  function readRanking(text) {
    if (!/^[01](=?[01])*$/.test(text)) {
      fail("case", text, "1 and 0 with = between tied places, as 10=1, / between queries");
    }
    const relevant = [];
    const joined = [];
    for (const [, tie, place] of text.matchAll(/(=?)([01])/g)) {
      relevant.push(Number(place));
      joined.push(tie === "=");
    }
    if (relevant.length > LIMITS.candidates) {
      fail("case", `${relevant.length} candidates`, `${LIMITS.candidates} at most`);
    }
    return { relevant, joined };
  }

  const writeRanking = ({ relevant, joined }) =>
    relevant.map((place, i) => (i && joined[i] ? "=" : "") + place).join("");

  function readRankings(text) {
    const rankings = text.split("/").map(readRanking);
    if (rankings.length > LIMITS.queries) {
      fail("case", `${rankings.length} queries`, `${LIMITS.queries} at most`);
    }
    return rankings;
  }

  function readNumber(name, text) {
    if (!/^[1-9]\d{0,5}$/.test(text)) fail(name, text, "a whole number of at least 1");
    return Number(text);
  }

  function readGallery(text) {
    const [, candidates, relevant] = text.match(/^([1-9]\d{0,5}):(\d{1,6})$/) || [];
    const gallery = { candidates: Number(candidates), relevant: Number(relevant) };
    if (!(gallery.relevant <= gallery.candidates && gallery.candidates <= LIMITS.gallery)) {
      fail("gallery", text, "candidates:relevant, as 100:5, at most 100000");
    }
    return gallery;
  }

  function readCodes(text) {
    const [, query, rest] = text.match(/^([01]+):([01r,]+)$/) || [];
    const codes = (rest || "").split(",").map((code) => code.match(/^([01]+)(r?)$/) || []);
    const fits = query && query.length <= LIMITS.bits && codes.length <= LIMITS.codes;
    if (!fits || codes.some(([, bits]) => !bits || bits.length !== query.length)) {
      fail("codes", text, "codes of equally many bits, as 0110:0111r,0000, at most 12 of 16 bits");
    }
    return {
      query: [...query].map(Number),
      gallery: codes.map(([, bits, r]) => ({ bits: [...bits].map(Number), relevant: r ? 1 : 0 })),
    };
  }

  const writeCodes = ({ query, gallery }) =>
    `${query.join("")}:${gallery.map((c) => c.bits.join("") + (c.relevant ? "r" : "")).join(",")}`;

  const READ = {
    case: ["rankings", readRankings],
    k: ["k", (text) => readNumber("k", text)],
    gallery: ["gallery", readGallery],
    codes: ["codes", readCodes],
  };

  /* What a part of an address names; Error that says what is wrong with it. */
  function read(text) {
    const state = {};
    for (const part of text.replace(/^#/, "").split("&")) {
      const at = part.indexOf("=");
      const [name, value] = [part.slice(0, at), decodeURIComponent(part.slice(at + 1))];
      if (at > 0 && READ[name]) {
        const [key, reader] = READ[name];
        state[key] = reader(value);
      } else if (OPTIONS[name]) {
        if (!OPTIONS[name].includes(value)) fail(name, value, OPTIONS[name].join(", "));
        state[name] = value;
      } else {
        fail("address", part, `one of ${[...Object.keys(READ), ...Object.keys(OPTIONS)].join(", ")}`);
      }
    }
    return state;
  }

  /* A whole state as text, without what has its default. */
  function write(state) {
    const parts = [];
    if (state.rankings) parts.push(`case=${state.rankings.map(writeRanking).join("/")}`);
    if (state.gallery) parts.push(`gallery=${state.gallery.candidates}:${state.gallery.relevant}`);
    if (state.codes) parts.push(`codes=${writeCodes(state.codes)}`);
    if (state.k) parts.push(`k=${state.k}`);
    for (const [name, options] of Object.entries(OPTIONS)) {
      if (state[name] && state[name] !== options[0]) parts.push(`${name}=${state[name]}`);
    }
    return parts.join("&");
  }

  /* What has not been named. */
  const defaults = () => ({
    k: 1,
    ...Object.fromEntries(Object.entries(OPTIONS).map(([name, options]) => [name, options[0]])),
  });

  /* ---- Codes ---- */

  const hamming = (one, other) =>
    one.reduce((sum, bit, i) => sum + (bit === other[i] ? 0 : 1), 0);

  /* The gallery by distance, the code that is stored first before its equals. */
  const byDistance = ({ query, gallery }) =>
    gallery
      .map((code, stored) => ({ ...code, stored, distance: hamming(query, code.bits) }))
      .sort((a, b) => a.distance - b.distance || a.stored - b.stored);

  /* The same as a ranking: what lies at one distance is tied. */
  function rankingOfCodes(codes) {
    const order = byDistance(codes);
    return {
      relevant: order.map((code) => code.relevant),
      joined: order.map((code, i) => i > 0 && code.distance === order[i - 1].distance),
    };
  }

  return { OPTIONS, LIMITS, START, read, write, defaults, hamming, byDistance, rankingOfCodes };
})();
