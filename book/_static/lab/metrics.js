/* All metrics of a case, and the precision-recall curve. Pure functions; `values` returns percent. */
"use strict";

const labMetrics = (() => {
  const { ranked, tieGroups, totalOf } = labGroups;
  const { hit, recallFraction, precision, rPrecision, ndcg, reciprocalRank } = labHits;
  const { averagePrecision, averagePrecisionAtR } = labPrecision;

  /* Recall and precision after each whole tie group. */
  const operatingPoints = (groups) =>
    groups.map(({ above, before, count, relevant }) => ({
      recall: (before + relevant) / Math.max(totalOf(groups), 1),
      precision: (before + relevant) / (above + count),
      found: before + relevant,
    }));

  /* The best precision at recall 0.0, 0.1, ..., 1.0 or beyond; zeros with nothing relevant. */
  function curve(groups) {
    const total = totalOf(groups);
    const points = operatingPoints(groups);
    return Array.from({ length: 11 }, (_, level) => {
      const needed = Math.max(Math.ceil((level * total) / 10), 1);
      const reached = points.filter(({ found }) => found >= needed);
      return reached.reduce((best, point) => Math.max(best, point.precision), 0);
    });
  }

  const BY_NAME = {
    "R@k": (groups, ties, { k, mode }) => (mode === "fraction" ? recallFraction : hit)(groups, k, ties),
    "mAP@k": (groups, ties, { k, denominator }) => averagePrecision(groups, k, denominator, ties),
    "mAP@R": averagePrecisionAtR,
    "nDCG@k": (groups, ties, { k }) => ndcg(groups, k, ties),
    "P@k": (groups, ties, { k }) => precision(groups, k, ties),
    "R-Precision": rPrecision,
    "MRR@k": (groups, ties, { k }) => reciprocalRank(groups, k, ties),
  };

  /* Percent by the name of the metric; how: k, mode, denominator. */
  function values(groups, ties, how) {
    return Object.fromEntries(
      Object.entries(BY_NAME).map(([name, of]) => [name, 100 * of(groups, ties, how)]),
    );
  }

  const chance = (candidates, relevant, how) =>
    values(ranked([{ count: candidates, relevant }]), "expected", how);

  const mean = (rows) =>
    Object.fromEntries(
      Object.keys(BY_NAME).map((name) => [
        name,
        rows.reduce((sum, row) => sum + row[name], 0) / rows.length,
      ]),
    );

  /* What a case shows: of each query and of their mean, under the case's tie rule, at worst and at
     best, and by chance. */
  function ofCase({ rankings, ties, ...how }) {
    const rule = ties === "index" ? "expected" : ties;
    const under = (name) => rankings.map((query) => values(tieGroups(query), name, how));
    const queries = rankings.map((query) => values(tieGroups(query, ties), rule, how));
    const byChance = rankings.map(({ relevant }) =>
      chance(relevant.length, relevant.reduce((a, b) => a + b, 0), how),
    );
    const curves = rankings.map((query) => curve(tieGroups(query, ties)));
    return {
      queries,
      mean: mean(queries),
      worst: mean(under("pessimistic")),
      best: mean(under("optimistic")),
      chance: mean(byChance),
      curve: curves[0].map((_, i) => curves.reduce((sum, c) => sum + c[i], 0) / curves.length),
    };
  }

  /* The same of a gallery: so many candidates, of which so many are relevant, all tied. */
  const ofGallery = ({ candidates, relevant }, { ties, ...how }) => {
    const tie = ranked([{ count: candidates, relevant }]);
    const under = (rule) => values(tie, rule === "index" ? "expected" : rule, how);
    return {
      mean: under(ties),
      worst: under("pessimistic"),
      best: under("optimistic"),
      chance: under("expected"),
      curve: curve(tie),
    };
  };

  return { names: Object.keys(BY_NAME), operatingPoints, ofCase, ofGallery };
})();
