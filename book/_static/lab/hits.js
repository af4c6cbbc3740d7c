/* What counts places: recall, precision, discounted gain, the first relevant one. The formulas of
   fico_lib.metrics, which has their sources. Pure functions of tie groups; they return fractions. */
"use strict";

const labHits = (() => {
  const { discounts, totalOf, clip } = labGroups;

  /* Relevant members of a group in the first k. */
  function hitsOfGroup({ above, count, relevant }, k, ties) {
    const places = clip(k - above, 0, count);
    if (ties === "optimistic") return Math.min(relevant, places);
    if (ties === "pessimistic") return Math.max(places - (count - relevant), 0);
    return (relevant * places) / count;
  }

  const hits = (groups, k, ties) =>
    groups.reduce((sum, group) => sum + hitsOfGroup(group, k, ties), 0);

  const precision = (groups, k, ties) => hits(groups, k, ties) / k;
  const recallFraction = (groups, k, ties) => hits(groups, k, ties) / Math.max(totalOf(groups), 1);

  function rPrecision(groups, ties) {
    const total = totalOf(groups);
    return total ? hits(groups, total, ties) / total : 0;
  }

  function gainOfGroup({ above, count, relevant }, k, ties) {
    let [first, last, share] = [above, above + count, relevant / count];
    if (ties === "optimistic") [last, share] = [above + relevant, 1];
    if (ties === "pessimistic") [first, share] = [above + count - relevant, 1];
    return share * (discounts(Math.min(last, k)) - discounts(Math.min(first, k)));
  }

  function ndcg(groups, k, ties) {
    const ideal = discounts(Math.min(k, totalOf(groups)));
    return ideal ? groups.reduce((sum, group) => sum + gainOfGroup(group, k, ties), 0) / ideal : 0;
  }

  /* Chance that any relevant member of the best such group is in the first k. */
  function hit(groups, k, ties) {
    const best = groups.find((group) => group.relevant > 0);
    if (!best) return 0;
    const { above, count, relevant } = best;
    if (ties === "optimistic") return above < k ? 1 : 0;
    if (ties === "pessimistic") return above + count - relevant < k ? 1 : 0;
    const places = clip(k - above, 0, count);
    const more = Math.max(places, relevant);
    let miss = 1;
    for (let i = 0; i < Math.min(places, relevant); i += 1) {
      miss *= Math.max(count - more - i, 0) / (count - i);
    }
    return 1 - miss;
  }

  function reciprocalRank(groups, k, ties) {
    const best = groups.find((group) => group.relevant > 0);
    if (!best) return 0;
    const { above, count, relevant } = best;
    if (ties !== "expected") {
      const rank = above + 1 + (ties === "optimistic" ? 0 : count - relevant);
      return rank <= k ? 1 / rank : 0;
    }
    let chance = relevant / count; // that the first relevant member stands at place p
    let sum = 0;
    for (let p = 1; p <= clip(k - above, 0, count - relevant + 1); p += 1) {
      sum += chance / (above + p);
      chance *= (count - p - relevant + 1) / Math.max(count - p, 1);
    }
    return sum;
  }

  return { hit, recallFraction, precision, rPrecision, ndcg, reciprocalRank };
})();
