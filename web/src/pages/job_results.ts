// What the network of a job can do: confusion matrix, mistakes, noise, filters. Measured when asked for, since each
// evaluation takes the coordinator's processors from somebody's training; at once when the training is over.
import { type EvaluateModelResponse, type Job, ModelService, type TrainedModel } from "../api/api";
import { h, replace } from "../base/dom";
import { hasEnded } from "../base/job_facts";
import { orProblem } from "../base/page";
import { count, fixed, percent, t } from "../base/text";
import { insist } from "../base/waiting";
import { cellImages } from "../network/cell_images";
import { confusionTable, countsOf } from "../network/confusion";
import { classNames } from "../network/classes";
import { evaluate, WORST } from "../network/evaluation";
import { FiltersView } from "../network/filters";
import { mistakeGallery } from "../network/mistakes";
import { noiseCurve } from "../network/noise";
import { TimeMachine } from "../network/time_machine";
import { call } from "../rpc/client";
import type { JobPart } from "./job";

// The matrix, with the images of a cell below it, and the worst mistakes, each of which opens its cell.
export function confusionView(model: TrainedModel, result: EvaluateModelResponse, worst: number, signal: AbortSignal): HTMLElement[] {
  const names = classNames(model);
  const counts = countsOf(result);
  const place = h("div", { class: "cell-images", "aria-live": "polite" });
  const open = (label: number, predicted: number) => {
    const title = h("h3", { tabindex: -1 }, label === predicted ? t("readRightly", { label: names[label]! }) : t("takenFor", { label: names[label]!, predicted: names[predicted]! }));
    replace(place, title, cellImages(model.name, { label, predicted, counted: counts[label]![predicted]! }, names, signal));
    title.focus({ preventScroll: true });
    place.scrollIntoView({ block: "nearest" });
  };
  return [h("section", {}, h("p", { class: "lead" }, t("evaluated", { epoch: result.modelVersion, accuracy: percent(result.accuracy), loss: fixed(result.loss, 4), n: count(result.imageCount), data: result.dataKind })),
    confusionTable({ counts, names, open }), place),
  h("section", {}, h("h3", {}, t("worstMistakes")), mistakeGallery(result.mistakes.slice(0, worst), names, open))];
}

function results(model: TrainedModel, result: EvaluateModelResponse, signal: AbortSignal): HTMLElement {
  const noise: HTMLElement = h("div", {}, h("button", { type: "button", onclick: () => replace(noise, noiseCurve(model.name, result.modelVersion, classNames(model), signal)) }, t("measureNoise")));
  return h("div", { class: "results" }, confusionView(model, result, WORST, signal), h("section", {}, h("h3", {}, t("noiseTitle")), noise));
}

// Evaluated at once when the training is over; before, whenever that is asked for.
export function jobResults(signal: AbortSignal): JobPart {
  const place = h("div", {});
  const again = h("button", { type: "button", onclick: () => void measure(now) }, t("evaluateNow"));
  const filters = new FiltersView(signal);
  let now = "";
  const times = new TimeMachine(signal, (model) => filters.show(model?.name ?? now));
  const element = h("section", { class: "card wide" }, h("h2", {}, t("results")), again, place, h("h3", {}, t("filters")), times.element, filters.element);
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
    now = job.model;
    if (times.atNow) filters.show(now);
    void orProblem(place, () => times.follow(job.model, key));
    again.hidden = hasEnded(job);
    if (hasEnded(job)) void measure(job.model);
  } };
}
