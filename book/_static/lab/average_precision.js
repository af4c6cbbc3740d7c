/* Average precision under every denominator and tie rule. The formulas of fico_lib.metrics, which has
   their sources. Pure functions of tie groups; they return fractions. */
"use strict";

const labPrecision = (() => {
  const { harmonic, totalOf } = labGroups;

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

  return { averagePrecision, averagePrecisionAtR };
})();
