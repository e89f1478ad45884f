// Numbers to pixels, and the round numbers that stand at an axis.

export type Domain = readonly [number, number];

export function scale([from, to]: Domain, [start, end]: Domain): (value: number) => number {
  const factor = to === from ? 0 : (end - start) / (to - from);
  return (value) => start + (value - from) * factor;
}

// About `wanted` multiples of 1, 2 or 5 times a power of ten within the domain.
export function ticks([from, to]: Domain, wanted: number): number[] {
  if (!(to > from)) return [from];
  const rough = (to - from) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
  const found = [];
  for (let i = Math.ceil(from / step - 1e-9); i * step <= to + step * 1e-9; ++i) found.push(i * step);
  return found;
}

export function quantile(values: number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(part * (sorted.length - 1))))] ?? 0;
}

// A little larger, so that no line runs along the edge.
export function padded([from, to]: Domain, least: number): Domain {
  const room = Math.max((to - from) * 0.06, least);
  return [from - room, to + room];
}
