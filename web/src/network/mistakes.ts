// Images that a network took for something, mostly for something else: the surest first.
import type { Mistake } from "../api/api";
import { h } from "../base/dom";
import { count, percent, t } from "../base/text";
import { imageCanvas } from "../charts/pixels";

// Opens the cell of the confusion matrix that counts such images.
export type OpenCell = (label: number, predicted: number) => void;

export function mistakeFigure(mistake: Mistake, names: string[], open?: OpenCell): HTMLElement {
  const said = t("mistakeAlt", { i: count(mistake.imageIndex), label: names[mistake.label]!, predicted: names[mistake.predictedLabel]! });
  const answer = [`${names[mistake.label]} → `, h("b", {}, names[mistake.predictedLabel]!)];
  return h("figure", { class: "thumb" }, mistake.image && imageCanvas(mistake.image, said),
    h("figcaption", {}, open ? h("button", { type: "button", class: "link", title: t("openCell"), onclick: () => open(mistake.label, mistake.predictedLabel) }, answer) : h("span", {}, answer),
      h("span", { class: "muted" }, percent(mistake.predictedProbability, 1)), h("span", { class: "muted" }, t("number", { n: count(mistake.imageIndex) }))));
}

export function mistakeGallery(mistakes: Mistake[], names: string[], open?: OpenCell): HTMLElement {
  if (mistakes.length === 0) return h("p", { class: "muted" }, t("noMistakes"));
  return h("div", { class: "thumbs" }, mistakes.map((mistake) => mistakeFigure(mistake, names, open)));
}
