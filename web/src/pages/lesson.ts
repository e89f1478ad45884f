// The teaching notebook's nine sections and four questions, with live parts that ask the reader's own network. A part is
// made when it comes into view: evaluations cost the coordinator seconds.
import { type Job, JobService, type TrainedModel } from "../api/api";
import { type Child, h, replace } from "../base/dom";
import { empty, heading, idOf, orProblem, type Page, problem, trainerCommand } from "../base/page";
import { count, type Key, significant, t } from "../base/text";
import { insist } from "../base/waiting";
import { Studio } from "../draw/studio";
import { classNames } from "../network/classes";
import { evaluate } from "../network/evaluation";
import { filtersView } from "../network/filters";
import { describe, type LayerFacts, shapeText } from "../network/layers";
import { listModels, ModelChoice } from "../network/models";
import { noiseCurve } from "../network/noise";
import { call, isAborted } from "../rpc/client";
import type { JobPart } from "./job";
import { jobCurves } from "./job_curves";
import { jobDownloads } from "./job_downloads";
import { flatten, summaryTable } from "./job_recipe";
import { confusionView } from "./job_results";

const WORST = 10;

interface Lesson {
  model: TrainedModel;
  job: Job;
  layers: LayerFacts[];
  signal: AbortSignal;
}

const paragraph = (key: Key, values: Record<string, string | number> = {}) => h("p", {}, t(key, values));
const product = (shape: number[]) => shape.reduce((all, one) => all * one, 1);

function whenSeen(make: () => Child): HTMLElement {
  const place = h("div", { class: "live-part" }, h("p", { class: "muted" }, t("loadWhenSeen")));
  const observer = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    replace(place, make());
  }, { rootMargin: "200px" });
  observer.observe(place);
  return place;
}

function part(make: (place: HTMLElement) => Promise<void>): HTMLElement {
  return whenSeen(() => {
    const place = h("div", {}, h("p", { class: "muted", role: "status" }, t("measuring")));
    void orProblem(place, () => make(place));
    return place;
  });
}

// A part of the job's page, told of the job as it is now.
function followed(lesson: Lesson, made: JobPart): HTMLElement {
  made.update(lesson.job);
  return made.element;
}

function setup({ job }: Lesson): Child[] {
  const facts: [string, string][] = [[t("seed"), String(job.recipe?.seed ?? "")], [t("version"), job.setup?.version ?? ""], [t("kernels"), `${job.setup?.isa} · ${job.setup?.blasCore}`],
    [t("ranksTitle"), count(job.worldSize)], [t("weightsHash"), job.weightsSha256 || "…"]];
  return [paragraph("section1a"), h("dl", { class: "pairs" }, facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))))];
}

const DIGITS = ["mnist", "generated"];

function data({ model, job, layers }: Lesson): Child[] {
  const other = !DIGITS.includes(job.setup?.dataKind ?? "");
  return [paragraph("section2a"), other && paragraph("section2c", { data: job.setup?.dataKind ?? "?", shape: shapeText(layers[0]?.input ?? []), classes: count(model.classCount) }), paragraph("section2b", { validation: count(job.setup?.validationImageCount ?? 0), train: count(job.setup?.trainImageCount ?? 0) })];
}

function network({ job, layers }: Lesson): Child[] {
  const conv = layers.filter((layer) => layer.kind === "Conv2D").at(-1);
  return [paragraph("section3a"), job.recipe && summaryTable(job.recipe),
    conv?.window && paragraph("section3b", { size: `${conv.window.height} × ${conv.window.width}`, channels: conv.input[2]!, filters: conv.output[2]! })];
}

function training(lesson: Lesson): Child[] {
  const curves = jobCurves(lesson.job.name, lesson.signal);
  const settings = flatten(lesson.job.recipe ?? {}).filter(([name]) => /^(batch_size|epochs|optimizer)/.test(name));
  return [paragraph("section4a"), trainerCommand(),
    whenSeen(() => followed(lesson, curves)), h("dl", { class: "pairs" }, settings.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))), paragraph("section4b")];
}

function evaluation({ model, signal }: Lesson): Child[] {
  return [paragraph("section5a"), part(async (place) => {
    const result = await evaluate(model.name, model.version, 0, signal);
    replace(place, confusionView(model, result, WORST, signal));
  })];
}

function drawing({ model, signal }: Lesson): HTMLElement {
  const studio = new Studio(signal);
  studio.setModels(model);
  return h("div", { class: "lesson-draw" }, h("div", { class: "sheet" }, studio.pad.canvas, studio.tools), h("div", { class: "prepared" }, studio.prepared, h("p", { class: "muted" }, t("whatItSees"))),
    studio.first.probabilities.element, studio.trouble, h("div", { class: "layers-and-inspector" }, studio.maps.element, studio.inspector.element));
}

function insideNetwork(lesson: Lesson): Child[] {
  return [paragraph("section6a"), whenSeen(() => filtersView(lesson.model.name, lesson.signal)), paragraph("section6b"), whenSeen(() => drawing(lesson))];
}

function noise({ model, signal }: Lesson): Child[] {
  return [paragraph("section7a"), whenSeen(() => noiseCurve(model.name, model.version, classNames(model), signal))];
}

function exercise({ job }: Lesson): Child[] {
  return [paragraph("section8a"), trainerCommand("--recipe improved"), trainerCommand("--model my_network.textproto --batch-size 64"),
    h("p", {}, h("a", { class: "button", href: `#/compare?runs=${encodeURIComponent(idOf(job.name))}` }, t("section8b")))];
}

function saving(lesson: Lesson): Child[] {
  return [paragraph("section9a"), followed(lesson, jobDownloads())];
}

function answer(key: Key, values: Record<string, string | number>): HTMLElement {
  return h("details", {}, h("summary", {}, t("showAnswer")), paragraph(key, values));
}

function questions({ layers }: Lesson): Child[] {
  const convolutions = layers.filter((layer) => layer.kind === "Conv2D");
  const pool = layers.find((layer) => layer.kind.endsWith("Pooling2D"));
  const first = convolutions[0];
  const dense = first ? (product(first.input) + 1) * product(first.output) : 0;
  const question = (title: Key, ...children: Child[]) => h("li", {}, h("p", {}, t(title)), ...children);
  return [h("ol", { class: "questions" },
    question("question1", first && answer("answer1", { layer: first.name, weights: count(first.parameters), values: count(product(first.output)), dense: count(dense), times: significant(dense / first.parameters, 2) })),
    question("question2", answer("answer2", { channels: convolutions[1]?.input[2] ?? first?.output[2] ?? 0 })),
    question("question3", pool ? answer("answer3", { layer: pool.name, before: count(product(pool.input)), after: count(product(pool.output)) }) : answer("noPooling", {})),
    question("question4", answer("answer4", {})))];
}

const SECTIONS: [Key, (lesson: Lesson) => Child[]][] = [
  ["section1", setup], ["section2", data], ["section3", network], ["section4", training], ["section5", evaluation], ["section6", insideNetwork],
  ["section7", noise], ["section8", exercise], ["section9", saving], ["questions", questions],
];

function contents(): HTMLElement {
  return h("nav", { class: "contents", "aria-label": t("contents") }, h("ol", {}, SECTIONS.map(([title]) => h("li", {}, h("a", { href: "#/lesson", onclick: (event: Event) => {
    event.preventDefault();
    const section = document.getElementById(title);
    section?.scrollIntoView();
    section?.focus({ preventScroll: true });
  } }, t(title))))));
}

export const lessonPage: Page = async (root, { signal, query }) => {
  const place = h("div", { class: "lesson-body" });
  let models: TrainedModel[] = [];
  let leave = new AbortController();
  signal.addEventListener("abort", () => leave.abort());
  const show = async () => {
    leave.abort();
    leave = new AbortController();
    const model = models.find((one) => one.name === choice.value);
    if (!model) return replace(place, empty(t("noModels"), t("noModelsText"), trainerCommand()));
    const inner = leave.signal;
    const job = await insist(inner, () => call(JobService.getJob, { name: model.job }, { signal: inner }));
    const lesson: Lesson = { model, job, layers: job.recipe?.model ? describe(job.recipe.model) : [], signal: inner };
    replace(place, contents(), h("div", { class: "sections" }, SECTIONS.map(([title, make]) =>
      h("section", { class: "card", id: title, tabindex: -1 }, h("h2", {}, t(title)), make(lesson)))));
  };
  const choice = new ModelChoice(t("lessonNetwork"), false, () => void orProblem(place, show));
  root.append(heading(t("lessonTitle"), t("lessonLead"), choice.element), place);
  try {
    models = await insist(signal, () => listModels(signal));
    choice.update(models, query.get("model") ? `models/${query.get("model")}` : "");
    await show();
  } catch (error) {
    if (!signal.aborted && !isAborted(error)) replace(place, problem(error));
  }
};
