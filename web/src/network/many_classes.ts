// What is shown of very many classes: nobody reads a table of a thousand by a thousand cells, and no browser likes it.

// Matrices of more classes are drawn in part.
export const MOST_CLASSES = 100;
const SHOWN = 26;

// The classes that a confusion matrix has rows for: all, or those that the most frequent mistakes are about, in order.
export function classesShown(counts: number[][]): number[] {
  const all = counts.map((_, label) => label);
  if (all.length <= MOST_CLASSES) return all;
  const mistakes = counts.flatMap((row, label) => row.flatMap((n, predicted) => (n > 0 && predicted !== label ? [{ n, label, predicted }] : [])));
  mistakes.sort((a, b) => b.n - a.n);
  const chosen = new Set<number>();
  for (const label of [...mistakes.flatMap((one) => [one.label, one.predicted]), ...all]) {
    if (chosen.size < SHOWN) chosen.add(label);
  }
  return [...chosen].sort((a, b) => a - b);
}

// The numbers of the `most` largest values, the largest first; of equal ones the first.
export function largest(values: ArrayLike<number>, most: number): number[] {
  return Array.from(values, (_, i) => i).sort((a, b) => values[b]! - values[a]! || a - b).slice(0, most);
}

// A matrix of counts as what is kept of it: [row, column, count] of each cell that is not 0.
export type Cells = [number, number, number][];

export function cellsOf(counts: number[][]): Cells {
  return counts.flatMap((row, i) => row.flatMap((n, j): Cells => (n > 0 ? [[i, j, n]] : [])));
}

// Cells beyond `size`, and what is none, are left out.
export function countsOfCells(cells: unknown, size: number): number[][] {
  const counts = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  for (const cell of Array.isArray(cells) ? cells : []) {
    const [i, j, n] = Array.isArray(cell) ? cell.map(Number) : [];
    const row = counts[i ?? -1];
    if (row && Number.isInteger(j) && j! >= 0 && j! < size && n! > 0) row[j!] = n!;
  }
  return counts;
}
