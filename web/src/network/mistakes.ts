// Images that a network took for something else, the surest first.
import type { Mistake } from "../api/api";
import { h } from "../base/dom";
import { count, percent, t } from "../base/text";
import { imageCanvas } from "../charts/pixels";

export function mistakeFigure(mistake: Mistake, names: string[]): HTMLElement {
  const said = t("mistakeAlt", { i: count(mistake.imageIndex), label: names[mistake.label]!, predicted: names[mistake.predictedLabel]! });
  return h("figure", { class: "thumb" }, mistake.image && imageCanvas(mistake.image, said),
    h("figcaption", {}, h("span", {}, `${names[mistake.label]} → `, h("b", {}, names[mistake.predictedLabel]!)),
      h("span", { class: "muted" }, percent(mistake.predictedProbability, 1)), h("span", { class: "muted" }, `n° ${count(mistake.imageIndex)}`)));
}

export function mistakeGallery(mistakes: Mistake[], names: string[]): HTMLElement {
  if (mistakes.length === 0) return h("p", { class: "muted" }, t("noMistakes"));
  return h("div", { class: "thumbs" }, mistakes.map((mistake) => mistakeFigure(mistake, names)));
}
