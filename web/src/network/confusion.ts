// A confusion matrix as a table; a cell opens the images that it counts. Of very many classes those most often mixed up.
import type { EvaluateModelResponse } from "../api/api";
import { h } from "../base/dom";
import { count, percent, t } from "../base/text";
import { classesShown } from "./many_classes";

export interface ConfusionOptions {
  counts: number[][];  // a row a true class
  names: string[];
  open?: (label: number, predicted: number) => void;  // where its images can be asked for
}

function shade(cell: HTMLElement, counted: number, most: number, right: boolean): void {
  const strength = counted === 0 ? 0 : 0.08 + 0.92 * (Math.log(1 + counted) / Math.log(1 + most));
  cell.style.setProperty("--strength", strength.toFixed(3));
  cell.className = `cell ${right ? "right" : "wrong"}`;
}

function cell(options: ConfusionOptions, label: number, predicted: number, most: number): HTMLElement {
  const counted = options.counts[label]![predicted]!;
  const names = { label: options.names[label]!, predicted: options.names[predicted]! };
  const said = t(label === predicted ? "cellRight" : "cellWrong", { ...names, n: count(counted) });
  const canOpen = options.open && counted > 0;
  const inner = canOpen ? h("button", { type: "button", "aria-label": said, title: said, onclick: () => options.open!(label, predicted) }, count(counted))
    : h("span", {}, counted ? count(counted) : "·");
  const element = h("td", {}, inner);
  shade(element, counted, most, label === predicted);
  return element;
}

export function confusionTable(options: ConfusionOptions): HTMLElement {
  const shown = classesShown(options.counts);
  const all = options.counts.length;
  const mostWrong = Math.max(1, ...shown.flatMap((label) => shown.map((other) => (label === other ? 0 : options.counts[label]![other]!))));
  const mostRight = Math.max(1, ...shown.map((label) => options.counts[label]![label]!));
  const table = h("div", { class: "scroll", tabindex: 0 }, h("table", { class: "confusion" }, h("caption", {}, t("confusionCaption")),
    h("thead", {}, h("tr", {}, h("td", {}), shown.map((label) => h("th", { scope: "col" }, options.names[label]!)), h("th", { scope: "col" }, t("recall")))),
    h("tbody", {}, shown.map((label) => {
      const row = options.counts[label]!;
      const sum = row.reduce((images, one) => images + one, 0);
      return h("tr", {}, h("th", { scope: "row" }, options.names[label]!),
        shown.map((predicted) => cell(options, label, predicted, label === predicted ? mostRight : mostWrong)),
        h("td", { class: "recall" }, sum ? percent(row[label]! / sum, 1) : "–"));
    }))));
  if (shown.length === all) return table;
  return h("div", {}, h("p", { class: "muted" }, t("confusionShown", { n: count(shown.length), all: count(all) })), table);
}

export const countsOf = (evaluation: EvaluateModelResponse) => evaluation.confusionMatrix.map((row) => row.counts);
