// One pixel of a feature map taken apart: the window it looks at, the filter, the sum; or the largest of a pool's window.
import type { FeatureMaps, LayerFilters, RawImage } from "../api/api";
import { type Child, freshId, h, replace } from "../base/dom";
import { fixed, significant, t } from "../base/text";
import { textOn } from "../charts/contrast";
import { css, diverging, viridis } from "../charts/pixels";
import { convolve, type Convolved, type Volume, windowOf } from "./arithmetic";
import type { LayerFacts } from "./layers";
import { type Place, valueAt } from "./maps";

const STRONGEST = 8;

export interface Inspected {
  layers: LayerFacts[];
  filters: LayerFilters[];
  maps: FeatureMaps[];
  image: RawImage;  // as the network saw it
}

function imageVolume(image: RawImage): Volume {
  const channels = image.channels || 1;
  return { channels, height: image.height, width: image.width, at: (channel, y, x) => image.pixels[(y * image.width + x) * channels + channel]! / 255 };
}

function inputOf(seen: Inspected, layer: LayerFacts): Volume | undefined {
  const before = seen.layers[seen.layers.indexOf(layer) - 1];
  if (!before) return imageVolume(seen.image);
  const maps = seen.maps.find((one) => one.layer === before.name);
  return maps && { channels: maps.channels, height: maps.height, width: maps.width, at: (channel, y, x) => valueAt(maps, channel, y, x) };
}

function numbers(title: string, rows: number[][], kind: "input" | "signed", chosen?: number): HTMLElement {
  const most = Math.max(1e-9, ...rows.flat().map(Math.abs));
  return h("figure", { class: "numbers" }, h("figcaption", {}, title), h("table", {}, h("tbody", {}, rows.map((row) => h("tr", {}, row.map((value) => {
    const colour = kind === "input" ? viridis(value / most) : diverging(value / most);
    const cell = h("td", { class: value === chosen ? "chosen" : null }, fixed(value, 2));
    cell.style.background = css(colour);
    cell.style.color = textOn(colour);
    return cell;
  }))))));
}

const sign = (text: string) => h("span", { class: "operator", "aria-hidden": "true" }, text);

const plus = (a: number, b: number) => `${significant(a)} ${b < 0 ? "−" : "+"} ${significant(Math.abs(b))}`;

function equation(layer: LayerFacts, done: Convolved, value: number): HTMLElement {
  const activation = layer.activation === "LINEAR" ? "" : layer.activation.toLowerCase();
  const inner = plus(done.sum, done.bias);
  return h("p", { class: "equation" }, activation ? `${activation}(${inner})` : inner, " = ", h("strong", {}, significant(done.result)),
    h("span", { class: "muted" }, ` · ${t("networkSays", { value: significant(value) })}`));
}

function channelBars(done: Convolved, chosen: number, choose: (channel: number) => void): HTMLElement {
  const order = done.subtotals.map((value, channel) => ({ value, channel })).sort((a, b) => Math.abs(b.value) - Math.abs(a.value)).slice(0, STRONGEST);
  const most = Math.max(1e-9, Math.abs(order[0]!.value));
  return h("ul", { class: "channel-bars", "aria-label": t("channels") }, order.map(({ value, channel }) => {
    const bar = h("span", { class: `bar ${value < 0 ? "negative" : "positive"}` });
    bar.style.width = `${(50 * Math.abs(value)) / most}%`;
    return h("li", {}, h("button", { type: "button", class: "quiet", "aria-pressed": String(channel === chosen), onclick: () => choose(channel) },
      h("span", { class: "name" }, t("number", { n: channel + 1 })), h("span", { class: "track" }, bar), h("span", { class: "value" }, significant(value, 3))));
  }));
}

function convolution(place: HTMLElement, layer: LayerFacts, done: Convolved, value: number, chosen: number): void {
  const [window, kernel] = [done.windows[chosen]!, done.kernels[chosen]!];
  const products = window.map((row, y) => row.map((one, x) => one * kernel[y]![x]!));
  const many = done.subtotals.length > 1;
  replace(place,
    many && [h("p", {}, t("channelsText", { n: done.subtotals.length })), channelBars(done, chosen, (channel) => convolution(place, layer, done, value, channel))],
    h("div", { class: "sum" }, numbers(t("window"), window, "input"), sign("×"), numbers(t("filter"), kernel, "signed"), sign("="),
      numbers(t("products"), products, "signed")),
    h("p", { class: "equation" }, many ? t("subtotal", { n: chosen + 1, sum: significant(done.subtotals[chosen]!) }) : t("sumOf", { sum: significant(done.sum) })),
    many && h("p", { class: "equation" }, t("sumOfAll", { n: done.subtotals.length, sum: significant(done.sum) })),
    equation(layer, done, value));
}

function strongest(done: Convolved): number {
  return done.subtotals.reduce((best, value, channel) => (Math.abs(value) > Math.abs(done.subtotals[best]!) ? channel : best), 0);
}

function explain(seen: Inspected, place: Place, value: number): Child {
  const layer = seen.layers.find((one) => one.name === place.layer);
  const input = layer && inputOf(seen, layer);
  if (!layer || !input) return unexplained();
  const how = layer.explained;
  switch (how.by) {
    case "sum": return summed(seen, layer, input, place, value);
    case "largest":
    case "mean": return pooled(layer, input, place, value, how.by);
    case "place": return h("p", {}, t("sameMap", { kind: layer.kind, value: significant(input.at(place.map, place.y, place.x)) }));
    case "padding": return padded(input, place, how.top, how.left);
    case "skip": return skipped(seen, input, place, value, how.from);
    case "nothing": return unexplained();
  }
}

const unexplained = () => h("p", { class: "muted" }, t("noExplanation"));

function summed(seen: Inspected, layer: LayerFacts, input: Volume, place: Place, value: number): Child {
  const filters = seen.filters.find((one) => one.layer === layer.name);
  if (!filters) return unexplained();
  const done = convolve(input, layer, filters, place.map, place.y, place.x);
  const inner = h("div", {});
  convolution(inner, layer, done, value, strongest(done));
  return inner;
}

function pooled(layer: LayerFacts, input: Volume, place: Place, value: number, by: "largest" | "mean"): Child {
  const window = windowOf(input, layer, place.map, place.y, place.x);
  return [numbers(t("window"), window, "input", by === "largest" ? value : undefined),
    h("p", { class: "equation" }, t(by === "largest" ? "largestOf" : "meanOf", { n: window.flat().length }), " = ", h("strong", {}, significant(value)))];
}

function padded(input: Volume, place: Place, top: number, left: number): Child {
  const [y, x] = [place.y - top, place.x - left];
  const inside = y >= 0 && x >= 0 && y < input.height && x < input.width;
  return h("p", {}, inside ? t("movedFrom", { y: y + 1, x: x + 1, value: significant(input.at(place.map, y, x)) }) : t("zeroAround"));
}

function skipped(seen: Inspected, input: Volume, place: Place, value: number, from: string): Child {
  const other = seen.maps.find((one) => one.layer === from);
  if (!other) return unexplained();
  const [here, there] = [input.at(place.map, place.y, place.x), valueAt(other, place.map, place.y, place.x)];
  return [h("p", {}, t("plusSkip", { from })),
    h("p", { class: "equation" }, plus(here, there), " = ", h("strong", {}, significant(value)))];
}

export class Inspector {
  readonly element = h("div", { class: "inspector" }, h("p", { class: "muted" }, t("inspectHint")));
  private seen: Inspected | undefined;
  private place: Place | undefined;

  constructor(private readonly choose: (place: Place) => void) {}

  update(seen: Inspected | undefined): void {
    this.seen = seen;
    if (this.place) this.show(this.place);
  }

  show(place: Place | undefined): void {
    this.place = place;
    const maps = this.seen?.maps.find((one) => one.layer === place?.layer);
    if (!this.seen || !place || !maps) return;
    const value = valueAt(maps, place.map, place.y, place.x);
    const focused = this.element.contains(document.activeElement) ? document.activeElement?.getAttribute("name") : null;
    replace(this.element, h("h3", {}, t("inspectTitle", { layer: place.layer, map: place.map + 1, y: place.y + 1, x: place.x + 1 })),
      h("div", { class: "fields" }, this.field("map", t("map"), maps.channels, place), this.field("y", t("row"), maps.height, place), this.field("x", t("column"), maps.width, place)),
      explain(this.seen, place, value));
    if (focused) this.element.querySelector<HTMLElement>(`[name="${focused}"]`)?.focus();
  }

  private field(name: "map" | "y" | "x", label: string, size: number, place: Place): HTMLElement {
    const id = freshId("place");
    return h("div", { class: "field" }, h("label", { for: id }, label), h("input", { id, name, type: "number", min: 1, max: size, value: place[name] + 1,
      onchange: (event: Event) => this.choose({ ...place, [name]: Math.min(Math.max(Number((event.target as HTMLInputElement).value) || 1, 1), size) - 1 }) }));
  }
}
