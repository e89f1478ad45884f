// Curves on common axes, drawn as SVG in the width that there is. A pointer or the arrow keys move a line that shows the
// values at one place; a table below has them all for readers.
import { append, freshId, h, replace, svg } from "../base/dom";
import { t } from "../base/text";
import { type Domain, padded, scale, ticks } from "./scale";

export type Point = readonly [number, number];

export interface Series {
  name: string;
  points: Point[];
  colour: number;     // of the palette, 1 to 8
  dashed?: boolean;
  faint?: boolean;    // thin, and not in the table: many points
  markers?: boolean;
}

export interface ChartOptions {
  title: string;
  xLabel: string;
  formatX: (value: number) => string;
  formatY: (value: number) => string;
  formatTick?: (value: number, step: number) => string;  // no more digits than the step between ticks needs
  yDomain?: (series: Series[]) => Domain;
  xDomain?: () => Domain;
  xTicks?: (domain: Domain) => number[];
  wholeX?: boolean;  // there is nothing between whole numbers of x
  height?: number;
  leastRoom?: number;
}

const MARGIN = { top: 12, right: 16, bottom: 40, left: 60 };
const TABLE_ROWS = 200;

function extent(values: number[]): Domain {
  let from = Infinity;
  let to = -Infinity;
  for (const value of values) {
    from = Math.min(from, value);
    to = Math.max(to, value);
  }
  return from > to ? [0, 1] : [from, to];
}

function nearest(points: Point[], x: number): Point | undefined {
  let best: Point | undefined;
  for (const point of points) if (!best || Math.abs(point[0] - x) < Math.abs(best[0] - x)) best = point;
  return best;
}

function marker(colour: number, x: number, y: number): SVGElement {
  if (colour % 3 === 1) return svg("circle", { cx: x, cy: y, r: 4 });
  if (colour % 3 === 2) return svg("rect", { x: x - 3.5, y: y - 3.5, width: 7, height: 7 });
  return svg("path", { d: `M${x} ${y - 5}l5 5-5 5-5-5z` });
}

export class LineChart {
  readonly element: HTMLElement;
  private series: Series[] = [];
  private readonly picture = svg("svg", { class: "chart", role: "img", tabindex: 0 });
  private readonly legend = h("ul", { class: "legend" });
  private readonly tip = h("div", { class: "chart-tip", hidden: true });
  private readonly cursor = svg("line", { class: "chart-cursor", visibility: "hidden" });
  private readonly table = h("div", { class: "scroll", tabindex: 0 });
  private readonly details: HTMLDetailsElement;
  private readonly clip = freshId("clip");
  private x: Domain = [0, 1];
  private toX = (value: number) => value;
  private scheduled = false;
  private at: number | undefined;

  constructor(private readonly options: ChartOptions) {
    this.details = h("details", { class: "as-table", ontoggle: () => this.fillTable() }, h("summary", {}, t("asTable")), this.table);
    this.element = h("figure", { class: "figure" }, h("figcaption", {}, options.title), this.legend,
      h("div", { class: "chart-box" }, this.picture, this.tip), this.details);
    new ResizeObserver(() => this.schedule()).observe(this.element);
    this.picture.addEventListener("pointermove", (event) => this.point(event.clientX - this.picture.getBoundingClientRect().left));
    this.picture.addEventListener("pointerleave", () => this.hideTip());
    this.picture.addEventListener("blur", () => this.hideTip());
    this.picture.addEventListener("keydown", (event) => this.key(event));
  }

  update(series: Series[]): void {
    this.series = series.filter((one) => one.points.length > 0);
    this.schedule();
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.draw();
      if (this.details.open) this.fillTable();
    });
  }

  private draw(): void {
    const width = this.element.clientWidth;
    if (width === 0) return;
    const height = this.options.height ?? 260;
    const all = this.series.flatMap((one) => one.points);
    this.x = this.options.xDomain?.() ?? extent(all.map((point) => point[0]));
    const y = this.options.yDomain?.(this.series) ?? padded(extent(all.map((point) => point[1])), this.options.leastRoom ?? 1e-4);
    this.toX = scale(this.x, [MARGIN.left, width - MARGIN.right]);
    const toY = scale(y, [height - MARGIN.bottom, MARGIN.top]);
    this.picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.picture.setAttribute("width", String(width));
    this.picture.setAttribute("height", String(height));
    this.picture.setAttribute("aria-label", this.summary());
    replace(this.picture, this.clipPath(width, height), this.axes(width, height, y, toY), this.lines(toY), this.cursor);
    replace(this.legend, this.series.length > 1 && this.series.map((one) => h("li", {}, legendMark(one), one.name)));
  }

  private clipPath(width: number, height: number): SVGElement {
    return svg("clipPath", { id: this.clip }, svg("rect",
      { x: MARGIN.left - 5, y: MARGIN.top - 6, width: width - MARGIN.left - MARGIN.right + 10, height: height - MARGIN.top - MARGIN.bottom + 7 }));
  }

  private axes(width: number, height: number, y: Domain, toY: (value: number) => number): SVGElement {
    const group = svg("g", { class: "axes", "aria-hidden": "true" });
    const yTicks = ticks(y, 5);
    const step = (yTicks[1] ?? 1) - (yTicks[0] ?? 0);
    const formatTick = this.options.formatTick ?? this.options.formatY;
    for (const tick of yTicks) {
      append(group, svg("line", { x1: MARGIN.left, x2: width - MARGIN.right, y1: toY(tick), y2: toY(tick) }),
        svg("text", { x: MARGIN.left - 8, y: toY(tick) + 4, "text-anchor": "end" }, formatTick(tick, step)));
    }
    const xTicks = this.options.xTicks?.(this.x) ?? ticks(this.x, Math.max(4, Math.min(8, width / 90)));
    for (const tick of xTicks.filter((one) => !this.options.wholeX || Number.isInteger(one))) {
      append(group, svg("text", { x: this.toX(tick), y: height - MARGIN.bottom + 18, "text-anchor": "middle" }, this.options.formatX(tick)));
    }
    append(group, svg("text", { class: "axis-label", x: width - MARGIN.right, y: height - 4, "text-anchor": "end" }, this.options.xLabel));
    return group;
  }

  private lines(toY: (value: number) => number): SVGElement {
    const group = svg("g", { "clip-path": `url(#${this.clip})`, "aria-hidden": "true" });
    for (const one of this.series) {
      const line = one.points.map(([x, y], i) => `${i ? "L" : "M"}${this.toX(x).toFixed(1)} ${toY(y).toFixed(1)}`).join("");
      const classes = `series s${one.colour}${one.dashed ? " dashed" : ""}${one.faint ? " faint" : ""}`;
      append(group, svg("g", { class: classes }, svg("path", { d: line, fill: "none" }),
        svg("g", { class: "markers" }, one.markers && one.points.map(([x, y]) => marker(one.colour, this.toX(x), toY(y))))));
    }
    return group;
  }

  private summary(): string {
    const ends = this.series.filter((one) => !one.faint).map((one) => `${one.name} ${this.options.formatY(one.points.at(-1)![1])}`);
    return `${this.options.title}. ${ends.join("; ")}`;
  }

  private point(pixel: number): void {
    const width = this.picture.clientWidth;
    const back = scale([MARGIN.left, width - MARGIN.right], this.x);
    this.showTip(back(pixel));
  }

  private key(event: KeyboardEvent): void {
    const direction = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") this.hideTip();
    if (!direction) return;
    event.preventDefault();
    const places = [...new Set(this.series.filter((one) => !one.faint).flatMap((one) => one.points.map((point) => point[0])))].sort((a, b) => a - b);
    const from = this.at ?? (direction > 0 ? -Infinity : Infinity);
    const next = direction > 0 ? places.find((place) => place > from) : places.reverse().find((place) => place < from);
    if (next !== undefined) this.showTip(next);
  }

  private showTip(x: number): void {
    const found = this.series.map((one) => ({ one, point: nearest(one.points, x) })).filter((entry) => entry.point);
    const first = nearest(found.map((entry) => entry.point!), x);
    if (!first) return;
    this.at = first[0];
    const pixel = this.toX(first[0]);
    for (const [name, value] of Object.entries({ x1: pixel, x2: pixel, y1: MARGIN.top, y2: (this.options.height ?? 260) - MARGIN.bottom, visibility: "visible" })) {
      this.cursor.setAttribute(name, String(value));
    }
    const near = found.filter(({ point }) => Math.abs(this.toX(point![0]) - pixel) < 24);
    replace(this.tip, h("strong", {}, `${this.options.xLabel} ${this.options.formatX(first[0])}`),
      near.map(({ one, point }) => h("div", {}, legendMark(one), `${one.name} `, h("b", {}, this.options.formatY(point![1])))));
    this.tip.hidden = false;
    const box = this.picture.clientWidth;
    this.tip.style.left = `${Math.min(Math.max(pixel + 12, 0), Math.max(0, box - this.tip.offsetWidth - 4))}px`;
  }

  private hideTip(): void {
    this.tip.hidden = true;
    this.at = undefined;
    this.cursor.setAttribute("visibility", "hidden");
  }

  private fillTable(): void {
    if (!this.details.open) return;
    const shown = this.series.filter((one) => !one.faint);
    const places = [...new Set(shown.flatMap((one) => one.points.map((point) => point[0])))].sort((a, b) => a - b).slice(-TABLE_ROWS);
    const values = shown.map((one) => new Map(one.points));
    replace(this.table, h("table", {},
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, this.options.xLabel), shown.map((one) => h("th", { scope: "col" }, one.name)))),
      h("tbody", {}, places.map((place) => h("tr", {}, h("th", { scope: "row" }, this.options.formatX(place)),
        values.map((map) => h("td", {}, map.has(place) ? this.options.formatY(map.get(place)!) : "")))))));
  }
}

export function legendMark(one: Series): SVGElement {
  const classes = `series s${one.colour}${one.dashed ? " dashed" : ""}${one.faint ? " faint" : ""}`;
  return svg("svg", { class: "legend-mark", viewBox: "0 0 28 12", width: 28, height: 12, "aria-hidden": "true" },
    svg("g", { class: classes }, svg("path", { d: "M1 6H27", fill: "none" }), svg("g", { class: "markers" }, one.markers && marker(one.colour, 14, 6))));
}

