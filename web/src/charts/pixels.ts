// Images, feature maps and filters as pixels of a canvas, which the style sheet enlarges without smoothing.
import type { RawImage } from "../api/api";
import { h } from "../base/dom";
import type { Rgb } from "./contrast";

// Viridis at nine places (matplotlib's): even to the eye, and told apart by colour-blind people.
const VIRIDIS: Rgb[] = [
  [68, 1, 84], [71, 44, 122], [59, 81, 139], [44, 113, 142], [33, 144, 141], [39, 173, 129], [92, 200, 99], [170, 220, 50], [253, 231, 37],
];
// From negative to positive, blue over white to orange.
const DIVERGING: Rgb[] = [[5, 72, 140], [90, 150, 210], [244, 244, 242], [235, 150, 80], [165, 65, 5]];

function between(colours: Rgb[], part: number): Rgb {
  const place = Math.min(Math.max(part, 0), 1) * (colours.length - 1);
  const low = Math.min(Math.floor(place), colours.length - 2);
  const rest = place - low;
  const [a, b] = [colours[low]!, colours[low + 1]!];
  return [0, 1, 2].map((i) => a[i]! + (b[i]! - a[i]!) * rest) as unknown as Rgb;
}

export const viridis = (part: number) => between(VIRIDIS, part);
export const diverging = (part: number) => between(DIVERGING, (part + 1) / 2);
export const css = (colour: Rgb) => `rgb(${colour.map(Math.round).join(" ")})`;

export function canvas(width: number, height: number, label: string): HTMLCanvasElement {
  return h("canvas", { width, height, class: "pixels", role: "img", "aria-label": label });
}

// Grey, RGB or RGBA.
export function drawImage(target: HTMLCanvasElement, image: RawImage): void {
  target.width = image.width;
  target.height = image.height;
  const context = target.getContext("2d")!;
  const channels = image.channels || 1;
  const out = context.createImageData(image.width, image.height);
  for (let i = 0; i < image.width * image.height; ++i) {
    const at = (channel: number) => image.pixels[i * channels + (channels === 1 ? 0 : channel)]!;
    out.data.set([at(0), at(1), at(2), channels === 4 ? at(3) : 255], i * 4);
  }
  context.putImageData(out, 0, 0);
}

export function imageCanvas(image: RawImage, label: string): HTMLCanvasElement {
  const target = canvas(image.width, image.height, label);
  drawImage(target, image);
  return target;
}

// `count` rectangles of values side by side, `columns` a row; tileBox() draws the lines between them.
export interface Tiles {
  count: number;
  height: number;
  width: number;
  columns: number;
  value: (tile: number, y: number, x: number) => number;
}

export function drawTiles(target: HTMLCanvasElement, tiles: Tiles, colour: (value: number) => Rgb): void {
  const rows = Math.ceil(tiles.count / tiles.columns);
  const width = tiles.columns * tiles.width;
  const height = rows * tiles.height;
  if (target.width !== width || target.height !== height) Object.assign(target, { width, height });
  const context = target.getContext("2d")!;
  const out = context.createImageData(width, height);
  for (let tile = 0; tile < tiles.count; ++tile) {
    const left = (tile % tiles.columns) * tiles.width;
    const top = Math.floor(tile / tiles.columns) * tiles.height;
    for (let y = 0; y < tiles.height; ++y) {
      for (let x = 0; x < tiles.width; ++x) {
        const [r, g, b] = colour(tiles.value(tile, y, x));
        const at = ((top + y) * width + left + x) * 4;
        out.data[at] = r;
        out.data[at + 1] = g;
        out.data[at + 2] = b;
        out.data[at + 3] = 255;
      }
    }
  }
  context.putImageData(out, 0, 0);
}

// How many tiles stand side by side: fewer where they would be too small to see and to point at.
export const tileColumns = () => (innerWidth < 720 ? 8 : 16);

// The canvas with lines between its tiles, which are as thin as a screen's pixels however few values a tile has.
export function tileBox(target: HTMLCanvasElement, count: number, columns: number, ...more: Element[]): HTMLElement {
  const lines = h("span", { class: "tile-lines" });
  lines.style.backgroundSize = `${100 / columns}% ${100 / Math.ceil(count / columns)}%`;
  return h("div", { class: "atlas-box" }, target, lines, ...more);
}
