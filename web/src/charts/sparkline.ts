// A curve of a few pixels beside a number, which says the same to readers.
import { svg } from "../base/dom";
import type { Point } from "./line_chart";
import { scale } from "./scale";

const WIDTH = 96;
const HEIGHT = 28;

export function sparkline(points: Point[], label: string): SVGElement {
  const xs = points.map((point) => point[0]);
  const ys = points.map((point) => point[1]);
  const toX = scale([Math.min(...xs), Math.max(...xs)], [3, WIDTH - 4]);
  const toY = scale([Math.min(...ys), Math.max(...ys)], [HEIGHT - 4, 4]);
  const line = points.map(([x, y], i) => `${i ? "L" : "M"}${toX(x).toFixed(1)} ${toY(y).toFixed(1)}`).join("");
  const last = points.at(-1);
  return svg("svg", { class: "sparkline series s1", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, role: "img", "aria-label": label },
    svg("path", { d: line, fill: "none" }), last && svg("circle", { class: "end", cx: toX(last[0]), cy: toY(last[1]), r: 2.5 }));
}
