// The kernels of a convolution, one picture a filter, as they are or for one channel of its input.
import { type LayerFilters, ModelService } from "../api/api";
import { h, replace } from "../base/dom";
import { orProblem } from "../base/page";
import { fixed, t } from "../base/text";
import { insist } from "../base/waiting";
import { canvas, diverging, drawTiles, tileBox } from "../charts/pixels";
import { call } from "../rpc/client";

export function weight(filters: LayerFilters, filter: number, y: number, x: number, channel: number): number {
  return filters.values[((filter * filters.height + y) * filters.width + x) * filters.channels + channel]!;
}

export function largest(values: Float32Array): number {
  let most = 1e-9;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}

function layerView(filters: LayerFilters): HTMLElement {
  const most = largest(filters.values);
  const columns = Math.min(filters.filterCount, 16);
  const picture = canvas(1, 1, t("filtersAlt", { layer: filters.layer, n: filters.filterCount }));
  picture.classList.add("atlas");
  const draw = (channel: number) => drawTiles(picture, { count: filters.filterCount, height: filters.height, width: filters.width, columns,
    value: (filter, y, x) => weight(filters, filter, y, x, channel) / most }, diverging);
  draw(0);
  const slider = filters.channels > 1 && h("label", { class: "slider" }, h("span", {}, t("inputChannel")),
    h("input", { type: "range", min: 1, max: filters.channels, value: 1, oninput: (event: globalThis.Event) => draw(Number((event.target as HTMLInputElement).value) - 1) }));
  return h("figure", { class: "figure" },
    h("figcaption", {}, filters.layer, h("span", { class: "muted" }, ` ${filters.filterCount} × ${filters.height} × ${filters.width} × ${filters.channels}`)),
    tileBox(picture, filters.filterCount, columns), slider, h("p", { class: "muted scale-note" }, h("span", { class: "ramp" }), t("filterScale", { most: fixed(most, 2) })));
}

export function filtersView(model: string, signal: AbortSignal): HTMLElement {
  const place = h("div", { class: "two" });
  void orProblem(place, async () => {
    const { layers } = await insist(signal, () => call(ModelService.getFilters, { name: model }, { signal }));
    replace(place, layers.length ? layers.map(layerView) : h("p", { class: "muted" }, t("noFilters")));
  });
  return place;
}
