// How well letters are read on a ground: the contrast ratio of WCAG 2.1, from 1 to 21; AA wants 4.5 of small text.

export type Rgb = readonly [red: number, green: number, blue: number];  // 0 to 255

const BLACK: Rgb = [0, 0, 0];
const WHITE: Rgb = [255, 255, 255];

function linear(value: number): number {
  const part = value / 255;
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
}

const luminance = ([red, green, blue]: Rgb) => 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);

export function contrast(one: Rgb, other: Rgb): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

// Black or white, whichever is read better: one of them has a contrast of 4.58 at least, whatever the ground.
export const textOn = (ground: Rgb) => (contrast(ground, BLACK) >= contrast(ground, WHITE) ? "#000" : "#fff");
