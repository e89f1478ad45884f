// The kernels of a convolution, one picture a filter, as they are or for one channel of its input.
import { type LayerFilters, ModelService } from "../api/api";
import { h, replace, setText } from "../base/dom";
import { orProblem } from "../base/page";
import { fixed, t } from "../base/text";
import { insist, Newest } from "../base/waiting";
import { canvas, diverging, drawTiles, tileBox, tileColumns } from "../charts/pixels";
import { call } from "../rpc/client";

export function weight(filters: LayerFilters, filter: number, y: number, x: number, channel: number): number {
  return filters.values[((filter * filters.height + y) * filters.width + x) * filters.channels + channel]!;
}

export function largest(values: Float32Array): number {
  let most = 1e-9;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}

class LayerView {
  readonly element: HTMLElement;
  private readonly picture: HTMLCanvasElement;
  private readonly scale = h("span", {});
  private readonly columns: number;
  private channel = 0;

  constructor(private filters: LayerFilters) {
    this.columns = Math.min(filters.filterCount, tileColumns());
    this.picture = canvas(1, 1, t("filtersAlt", { layer: filters.layer, n: filters.filterCount }));
    this.picture.classList.add("atlas");
    const slider = filters.channels > 1 && h("label", { class: "slider" }, h("span", {}, t("inputChannel")),
      h("input", { type: "range", min: 1, max: filters.channels, value: 1, oninput: (event: globalThis.Event) => {
        this.channel = Number((event.target as HTMLInputElement).value) - 1;
        this.update(this.filters);
      } }));
    this.element = h("figure", { class: "figure" },
      h("figcaption", {}, filters.layer, h("span", { class: "muted" }, ` ${filters.filterCount} × ${filters.height} × ${filters.width} × ${filters.channels}`)),
      tileBox(this.picture, filters.filterCount, this.columns), slider, h("p", { class: "muted scale-note" }, h("span", { class: "ramp" }), this.scale));
    this.update(filters);
  }

  update(filters: LayerFilters): void {
    this.filters = filters;
    const most = largest(filters.values);
    drawTiles(this.picture, { count: filters.filterCount, height: filters.height, width: filters.width, columns: this.columns,
      value: (filter, y, x) => weight(filters, filter, y, x, this.channel) / most }, diverging);
    setText(this.scale, t("filterScale", { most: fixed(most, 2) }));
  }
}

// The filters of a model: of another one whenever that is asked for, in the same pictures if it has the same layers.
export class FiltersView {
  readonly element = h("div", { class: "two" });
  private readonly newest = new Newest();
  private views = new Map<string, LayerView>();

  constructor(private readonly signal: AbortSignal) {}

  show(model: string): void {
    this.newest.run(() => orProblem(this.element, async () => {
      const { layers } = await insist(this.signal, () => call(ModelService.getFilters, { name: model }, { signal: this.signal }));
      const shapes = layers.map((one) => [one.layer, one.filterCount, one.height, one.width, one.channels].join(" "));
      if (shapes.join("\n") !== [...this.views.keys()].join("\n") || shapes.length === 0) {
        this.views = new Map(layers.map((one, i) => [shapes[i]!, new LayerView(one)]));
        replace(this.element, layers.length ? [...this.views.values()].map((view) => view.element) : h("p", { class: "muted" }, t("noFilters")));
      } else {
        layers.forEach((one, i) => this.views.get(shapes[i]!)!.update(one));
      }
    }));
  }
}

export function filtersView(model: string, signal: AbortSignal): HTMLElement {
  const view = new FiltersView(signal);
  view.show(model);
  return view.element;
}
