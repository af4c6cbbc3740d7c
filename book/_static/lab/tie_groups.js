/* Rankings as tie groups, best first: count, relevant; `above`, the candidates ranked before a group,
   and `before`, the relevant ones among them. As fico_lib.metrics.tie_groups. Pure functions. */
"use strict";

const labGroups = (() => {
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

  return { harmonic, discounts, ranked, tieGroups, totalOf, clip };
})();
