// The images that a cell of a confusion matrix counts, a page at a time.
import { ModelService } from "../api/api";
import { h } from "../base/dom";
import { orProblem } from "../base/page";
import { count, t } from "../base/text";
import { insist } from "../base/waiting";
import { call } from "../rpc/client";
import { mistakeFigure } from "./mistakes";

const PAGE = 60;

export interface Cell {
  label: number;
  predicted: number;
  counted: number;
}

export function cellImages(model: string, { label, predicted, counted }: Cell, names: string[], signal: AbortSignal): HTMLElement {
  const thumbs = h("div", { class: "thumbs" });
  const said = h("p", { class: "muted", role: "status" }, t("measuring"));
  const more = h("button", { type: "button", hidden: true, onclick: () => void next() }, t("moreImages"));
  let pageToken = "";
  const next = () => orProblem(said, async () => {
    more.disabled = true;
    const page = await insist(signal, () => call(ModelService.listImages,
      { name: model, split: "TEST", label, predictedLabel: predicted, pageSize: PAGE, pageToken }, { signal }));
    thumbs.append(...page.images.map((image) => mistakeFigure(image, names)));
    pageToken = page.nextPageToken;
    said.textContent = t("imagesShown", { shown: count(thumbs.childElementCount), all: count(Math.max(counted, thumbs.childElementCount)) });
    more.hidden = pageToken === "";
    more.disabled = false;
  });
  void next();
  return h("div", {}, thumbs, said, more);
}
