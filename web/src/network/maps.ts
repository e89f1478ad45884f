// The feature maps of every layer, each layer one picture of tiles; a place in it can be chosen by pointer or arrow keys.
import type { FeatureMaps } from "../api/api";
import { h, replace, setText } from "../base/dom";
import { significant, t } from "../base/text";
import { canvas, diverging, drawTiles, tileBox, tileColumns, viridis } from "../charts/pixels";
import { largest } from "./filters";

export interface Place {
  layer: string;
  map: number;
  y: number;
  x: number;
}

export const valueAt = (maps: FeatureMaps, map: number, y: number, x: number) => maps.values[(map * maps.height + y) * maps.width + x]!;

class LayerAtlas {
  readonly element: HTMLElement;
  private readonly picture: HTMLCanvasElement;
  private readonly mark = h("span", { class: "mark", hidden: true });
  private readonly scaleNote = h("span", { class: "muted" });
  private readonly columns: number;

  constructor(private maps: FeatureMaps, private readonly choose: (place: Place) => void) {
    this.columns = Math.min(maps.channels, tileColumns());
    this.picture = canvas(1, 1, t("mapsAlt", { layer: maps.layer, n: maps.channels, height: maps.height, width: maps.width }));
    this.picture.tabIndex = 0;
    this.picture.classList.add("atlas");
    this.picture.addEventListener("pointerdown", (event) => this.point(event));
    this.picture.addEventListener("keydown", (event) => this.key(event));
    this.element = h("figure", { class: "figure layer", "data-layer": maps.layer },
      h("figcaption", {}, maps.layer, h("span", { class: "muted" }, ` ${t("mapsOf", { n: maps.channels, height: maps.height, width: maps.width })}`), this.scaleNote),
      tileBox(this.picture, maps.channels, this.columns, this.mark));
  }

  update(maps: FeatureMaps): void {
    this.maps = maps;
    const most = largest(maps.values);
    const signed = maps.values.some((value) => value < 0);
    setText(this.scaleNote, ` · ${t(signed ? "filterScale" : "upTo", { most: significant(most, 3) })}`);
    drawTiles(this.picture, { count: maps.channels, height: maps.height, width: maps.width, columns: this.columns,
      value: (map, y, x) => valueAt(maps, map, y, x) / most }, signed ? diverging : viridis);
  }

  private chosen: Place | undefined;

  select(place: Place | undefined): void {
    this.chosen = place;
    this.mark.hidden = !place;
    if (!place) return;
    const left = (place.map % this.columns) * this.maps.width + place.x;
    const top = Math.floor(place.map / this.columns) * this.maps.height + place.y;
    const { width, height } = this.picture;
    Object.assign(this.mark.style, { left: `${(100 * left) / width}%`, top: `${(100 * top) / height}%`, width: `${100 / width}%`, height: `${100 / height}%` });
  }

  private point(event: PointerEvent): void {
    const box = this.picture.getBoundingClientRect();
    const x = Math.floor(((event.clientX - box.left) / box.width) * this.picture.width);
    const y = Math.floor(((event.clientY - box.top) / box.height) * this.picture.height);
    const map = Math.floor(y / this.maps.height) * this.columns + Math.floor(x / this.maps.width);
    this.go(map, y % this.maps.height, x % this.maps.width);
  }

  private key(event: KeyboardEvent): void {
    const moves: Record<string, [number, number]> = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    const move = moves[event.key];
    const from = this.chosen ?? { map: 0, y: Math.floor(this.maps.height / 2), x: Math.floor(this.maps.width / 2) };
    if (event.key === "Enter" || event.key === " ") this.go(from.map, from.y, from.x);
    else if (event.key === "PageDown" || event.key === "PageUp") this.go(from.map + (event.key === "PageDown" ? 1 : -1), from.y, from.x);
    else if (move) this.go(from.map, from.y + move[0], from.x + move[1]);
    else return;
    event.preventDefault();
  }

  private go(map: number, y: number, x: number): void {
    const clamp = (value: number, size: number) => Math.min(Math.max(value, 0), size - 1);
    this.choose({ layer: this.maps.layer, map: clamp(map, this.maps.channels), y: clamp(y, this.maps.height), x: clamp(x, this.maps.width) });
  }
}

// The brightest place of the first layer: something to look at before anybody chose.
export function brightest(maps: FeatureMaps): Place {
  let best = 0;
  maps.values.forEach((value, i) => value > maps.values[best]! && (best = i));
  const area = maps.height * maps.width;
  return { layer: maps.layer, map: Math.floor(best / area), y: Math.floor((best % area) / maps.width), x: best % maps.width };
}

export class MapsView {
  readonly element = h("div", { class: "layers", "data-empty": t("noMapsYet") });
  private atlases = new Map<string, LayerAtlas>();

  constructor(private readonly choose: (place: Place) => void) {}

  update(layers: FeatureMaps[]): void {
    const known = [...this.atlases.keys()].join("\n");
    if (known !== layers.map((maps) => maps.layer).join("\n")) {
      this.atlases = new Map(layers.map((maps) => [maps.layer, new LayerAtlas(maps, this.choose)]));
      replace(this.element, [...this.atlases.values()].map((atlas) => atlas.element));
    }
    for (const maps of layers) this.atlases.get(maps.layer)!.update(maps);
  }

  select(place: Place | undefined): void {
    for (const [layer, atlas] of this.atlases) atlas.select(place?.layer === layer ? place : undefined);
  }

  clear(): void {
    this.atlases = new Map();
    this.element.replaceChildren();
  }
}
