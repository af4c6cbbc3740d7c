/* The metrics of one query, from its tie groups: the formulas of fico_lib.metrics, which has their
   sources. Pure functions. They return fractions; `values` returns percent.

   A ranking is a list of tie groups, best first: count, relevant; `ranked` adds to each group
   `above`, the candidates ranked before it, and `before`, the relevant ones among them. */
"use strict";

const labMetrics = (() => {
  /* Sums of term(1) ... term(n), kept. */
  const sums = (term) => {
    const kept = [0];
    return (n) => {
      while (kept.length <= n) kept.push(kept[kept.length - 1] + term(kept.length));
      return kept[n];
    };
  };
  const harmonic = sums((i) => 1 / i);
  const discounts = sums((rank) => 1 / Math.log2(rank + 1));

  function ranked(groups) {
    let above = 0;
    let before = 0;
    return groups.map(({ count, relevant }) => {
      const group = { above, before, count, relevant };
      above += count;
      before += relevant;
      return group;
    });
  }

  /* The tie groups of a query: relevant (0 or 1 per place), joined (tied with the place before).
     By index every place is a group of its own: the candidate that is stored first wins. */
  function tieGroups({ relevant, joined }, ties = "expected") {
    const groups = [];
    relevant.forEach((isRelevant, place) => {
      if (place && joined[place] && ties !== "index") {
        groups[groups.length - 1].count += 1;
        groups[groups.length - 1].relevant += isRelevant;
      } else {
        groups.push({ count: 1, relevant: isRelevant });
      }
    });
    return ranked(groups);
  }

  const totalOf = (groups) => groups.reduce((sum, group) => sum + group.relevant, 0);
  const clip = (x, low, high) => Math.min(Math.max(x, low), high);

  /* ---- Hits: recall, precision, discounted gain, the first relevant one ---- */

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

  /* ---- Average precision ---- */

  /* Precisions of j relevant candidates in a row. */
  const run = (before, above, j) => j + (before - above) * (harmonic(above + j) - harmonic(above));

  /* Mean sum of precisions at the relevant ones among the first `places` of a group of `count`,
     of which `relevant` are relevant, at random. */
  function spread(before, above, relevant, count, places) {
    if (!relevant) return 0;
    const b = (relevant - 1) / Math.max(count - 1, 1);
    const steps = harmonic(above + places) - harmonic(above);
    return (relevant / count) * ((before + 1 - b * (above + 1)) * steps + b * places);
  }

  function precisionSum({ above, before, count, relevant }, ties) {
    if (ties === "optimistic") return run(before, above, relevant);
    if (ties === "pessimistic") return run(before, above + count - relevant, relevant);
    return spread(before, above, relevant, count, count);
  }

  function divide(sum, found, k, total, denominator) {
    const below = { hits: found, min: Math.min(k, total), total }[denominator];
    return sum / Math.max(below, 1);
  }

  /* AP@k of a query whose rank k falls inside this group; sum: the precisions before it. */
  function cutGroup(group, sum, k, total, denominator, ties) {
    const { above, before, count, relevant } = group;
    const places = Math.min(k - above, count);
    const others = count - relevant;
    if (ties !== "expected") {
      const last = ties === "pessimistic";
      const x = last ? Math.max(places - others, 0) : Math.min(relevant, places);
      const start = last ? above + Math.min(others, places) : above;
      return divide(sum + run(before, start, x), before + x, k, total, denominator);
    }
    if (denominator !== "hits") {
      const inside = spread(before, above, relevant, count, places);
      return divide(sum + inside, before, k, total, denominator);
    }
    return meanOverHits(group, places, sum);
  }

  /* Mean of (sum + inside) / hits over the hypergeometric number x of hits among the places. */
  function meanOverHits({ above, before, count, relevant }, places, sum) {
    const others = count - relevant;
    const fewest = Math.max(places - others, 0);
    const most = Math.min(relevant, places);
    const logs = [0];
    for (let x = fewest; x < most; x += 1) {
      const ratio = ((relevant - x) * (places - x)) / ((x + 1) * (others - places + x + 1));
      logs.push(logs[logs.length - 1] + Math.log(ratio));
    }
    const largest = logs.reduce((a, b) => Math.max(a, b));
    const weights = logs.map((log) => Math.exp(log - largest));
    const all = weights.reduce((a, b) => a + b);
    return weights.reduce((mean, weight, i) => {
      const x = fewest + i;
      const value = (sum + spread(before, above, x, places, places)) / Math.max(before + x, 1);
      return mean + (weight / all) * value;
    }, 0);
  }

  function precisionsInFirst(groups, k, denominator, ties) {
    const total = totalOf(groups);
    let sum = 0;
    let found = 0;
    for (const group of groups) {
      if (group.above >= k) break;
      if (group.above + group.count > k) return cutGroup(group, sum, k, total, denominator, ties);
      sum += precisionSum(group, ties);
      found += group.relevant;
    }
    return divide(sum, found, k, total, denominator);
  }

  /* Mean sum of the precisions at the first x relevant members of a group. Of the members before
     the one at a place, H are relevant; mass is P(H < x), moment E[H 1{H < x}], edge
     log P(H = x - 1), each from that of one draw less. */
  function firstOfGroup({ above, before, count, relevant }, x, ties) {
    if (ties === "optimistic") return run(before, above, x);
    if (ties === "pessimistic") return run(before, above + count - relevant, x);
    if (!x) return 0;
    const [others, wanted] = [count - 1, relevant - 1];
    let [mass, moment, edge, sum] = [1, 0, 0, 0];
    for (let i = 0; i < x - 1; i += 1) edge += Math.log((wanted - i) / (others - i));
    for (let drawn = 0; drawn < count; drawn += 1) {
      sum += ((before + 1) * mass + moment) / (above + drawn + 1);
      const left = others - drawn;
      if (!left) break;
      const at = drawn >= x - 1 && wanted - (x - 1) <= left ? Math.exp(edge) : 0;
      const lost = (at * (wanted - (x - 1))) / left;
      moment += (wanted * (mass - at) - (moment - (x - 1) * at)) / left - (x - 1) * lost;
      mass -= lost;
      if (drawn >= x - 1) {
        const fewer = left - wanted + (x - 1);
        if (fewer <= 0) break;
        edge += Math.log(((drawn + 1) / (drawn + 2 - x)) * (fewer / left));
      }
    }
    return (sum * relevant) / count;
  }

  function precisionsOfFirst(groups, k, ties) {
    let [sum, found] = [0, 0];
    for (const group of groups) {
      if (found + group.relevant > k) {
        sum += firstOfGroup(group, k - found, ties);
        break;
      }
      sum += precisionSum(group, ties);
      found += group.relevant;
    }
    return sum / Math.max(Math.min(k, totalOf(groups)), 1);
  }

  const averagePrecision = (groups, k, denominator, ties) =>
    denominator === "relevant"
      ? precisionsOfFirst(groups, k, ties)
      : precisionsInFirst(groups, k, denominator, ties);

  function averagePrecisionAtR(groups, ties) {
    const total = totalOf(groups);
    return total ? precisionsInFirst(groups, total, "total", ties) : 0;
  }

  /* ---- The curve, and all at once ---- */

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

  return { names: Object.keys(BY_NAME), tieGroups, operatingPoints, curve, ofCase, ofGallery };
})();
