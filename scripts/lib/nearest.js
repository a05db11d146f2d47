// SPDX-License-Identifier: Apache-2.0
// The word that a misspelt one was meant to be.

// Letters to insert, leave out or replace, and neighbours to swap, until a is b.
function distance(a, b) {
  let before = [];
  let last = Array.from({length: b.length + 1}, (_, j) => j);
  for (let i = 1; i <= a.length; ++i) {
    const row = [i];
    for (let j = 1; j <= b.length; ++j) {
      row[j] = Math.min(last[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1), last[j] + 1, row[j - 1] + 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j], before[j - 2] + 1);
    }
    before = last;
    last = row;
  }
  return last[b.length];
}

// One of the candidates, or undefined if none is close: within a third of the word's letters, at least two.
export function nearest(word, candidates) {
  if (word.length > 64) return undefined;  // no misspelt key is that long
  let least = Math.max(2, Math.floor(word.length / 3)) + 1;
  let best;
  for (const candidate of candidates) {
    const changes = word.length > 2 && candidate.startsWith(word) ? 1 : distance(word, candidate);
    if (changes >= least) continue;
    least = changes;
    best = candidate;
  }
  return best;
}
