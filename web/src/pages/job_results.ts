// What the network of a job can do: confusion matrix, mistakes, noise, filters. Measured when asked for, since each
// evaluation takes the coordinator's processors from somebody's training; at once when the training is over.
import { type EvaluateModelResponse, type Job, ModelService, type TrainedModel } from "../api/api";
import { h, replace } from "../base/dom";
import { hasEnded } from "../base/job_facts";
import { orProblem } from "../base/page";
import { count, fixed, percent, t } from "../base/text";
import { insist } from "../base/waiting";
import { confusionTable, countsOf } from "../network/confusion";
import { classNames } from "../network/classes";
import { evaluate } from "../network/evaluation";
import { filtersView } from "../network/filters";
import { mistakeGallery } from "../network/mistakes";
import { noiseCurve } from "../network/noise";
import { call } from "../rpc/client";
import type { JobPart } from "./job";

const WORST = 20;

export function confusionView(result: EvaluateModelResponse, names: string[]): HTMLElement {
  const place = h("div", { "aria-live": "polite" });
  const open = (label: number, predicted: number) => {
    const found = result.mistakes.filter((mistake) => mistake.label === label && mistake.predictedLabel === predicted);
    replace(place, h("h3", {}, t("takenFor", { label: names[label]!, predicted: names[predicted]! })),
      label === predicted ? h("p", { class: "muted" }, t("rightOnes")) : mistakeGallery(found, names));
  };
  return h("div", {}, confusionTable({ counts: countsOf(result), names, open }), place);
}

function results(model: TrainedModel, result: EvaluateModelResponse, signal: AbortSignal): HTMLElement {
  const names = classNames(model);
  const noise: HTMLElement = h("div", {}, h("button", { type: "button", onclick: () => replace(noise, noiseCurve(model.name, result.modelVersion, names, signal)) }, t("measureNoise")));
  return h("div", { class: "results" },
    h("section", {}, h("p", { class: "lead" }, t("evaluated", { accuracy: percent(result.accuracy), loss: fixed(result.loss, 4), n: count(result.imageCount), data: result.dataKind })),
      confusionView(result, names)),
    h("section", {}, h("h3", {}, t("worstMistakes")), mistakeGallery(result.mistakes.slice(0, WORST), names)),
    h("section", {}, h("h3", {}, t("noiseTitle")), noise));
}

export function jobResults(signal: AbortSignal): JobPart {
  const place = h("div", {});
  const filters = h("div", {});
  const element = h("section", { class: "card wide" }, h("h2", {}, t("results")), place, h("h3", {}, t("filters")), filters);
  let shown = "";
  const measure = (name: string) => orProblem(place, async () => {
    replace(place, h("p", { class: "muted", role: "status" }, t("measuring")));
    const model = await insist(signal, () => call(ModelService.getModel, { name }, { signal }));
    replace(place, results(model, await evaluate(name, model.version, 0, signal), signal));
  });
  return { element, update(job: Job) {
    element.hidden = job.model === "";
    const key = `${job.model}/${job.completedEpochs}/${hasEnded(job)}`;
    if (job.model === "" || key === shown) return;
    shown = key;
    replace(filters, filtersView(job.model, signal));
    if (hasEnded(job)) void measure(job.model);
    else if (place.childElementCount === 0) replace(place, h("button", { type: "button", onclick: () => void measure(job.model) }, t("evaluateNow")));
  } };
}
