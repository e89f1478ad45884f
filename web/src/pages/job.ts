// One job: followed while it runs, and all that its network has to show.
import { type Job, JobService } from "../api/api";
import { ask } from "../base/dialog";
import { h, replace, setText } from "../base/dom";
import { bestAccuracy, dateOf, hasEnded, metric, progressBar, secondsOf, statePill } from "../base/job_facts";
import { idBeside, titleOf } from "../base/labels";
import { drawAddress, empty, idOf, type Page, problem } from "../base/page";
import { count, duration, fixed, percent, t } from "../base/text";
import { insist, sleep, untilSeen, whileSeen } from "../base/waiting";
import { call, isAway, isBusy, read, RpcError } from "../rpc/client";
import { jobCurves } from "./job_curves";
import { jobDownloads } from "./job_downloads";
import { editLabels, noteText, tagList } from "./job_labels";
import { eventsCard, ranksCard } from "./job_ranks";
import { recipeCard } from "./job_recipe";
import { jobResults } from "./job_results";

const AGAIN_MS = 2000;

// A part of the page that shows what it knows of the job, and is told whenever that changed.
export interface JobPart {
  element: HTMLElement;
  update(job: Job): void;
}

// The job whenever it changed, while the page is seen. Where as many watch as may, it is asked every few seconds.
async function* follow(name: string, signal: AbortSignal): AsyncGenerator<Job> {
  while (!signal.aborted) {
    await untilSeen(signal);
    const seen = whileSeen(signal);
    try {
      for await (const { job } of read(JobService.watchJob, { name }, { signal: seen })) if (job) yield job;
    } catch (error) {
      if (signal.aborted) return;
      if (isBusy(error)) yield await insist(signal, () => call(JobService.getJob, { name }, { signal }));
      else if (!seen.aborted && !isAway(error)) throw error;
    }
    await sleep(AGAIN_MS, signal);  // it ended, and may be resumed; or the coordinator is away
  }
}

function cancel(job: Job): void {
  void ask(t("cancelQuestion", { job: idOf(job.name) }), t("cancelText"), t("cancelJob"), async (token) => {
    await call(JobService.cancelJob, { name: job.name }, { token });
  });
}

async function remove(job: Job): Promise<void> {
  const done = await ask(t("deleteQuestion", { job: idOf(job.name) }), t("deleteText"), t("deleteJob"), async (token) => {
    await call(JobService.deleteJob, { name: job.name }, { token });
  });
  if (done) location.hash = "#/jobs";
}

function head(name: string): JobPart {
  const pill = h("span", {});
  const facts = h("p", { class: "lead" });
  const actions = h("div", { class: "actions" });
  const bar = h("div", { class: "job-bar" });
  const place = h("div", {});
  const title = h("span", {}, idOf(name));
  const labels = h("div", {});
  let job: Job;
  const draw = h("a", { class: "button primary", hidden: true }, t("draw"));
  const cancelling = h("button", { type: "button", hidden: true, onclick: () => cancel(job) }, t("cancelJob"));
  const editing = h("button", { type: "button", hidden: true, onclick: () => void editLabels(job) }, t("editLabels"));
  const deleting = h("button", { type: "button", hidden: true, onclick: () => void remove(job) }, t("deleteJob"));
  actions.append(draw, editing, cancelling, deleting);
  const element = h("header", { class: "page-head job-head" },
    h("div", {}, h("p", { class: "crumb" }, h("a", { href: "#/jobs" }, t("jobs"))), h("h1", {}, title, " ", pill), facts, labels), actions, bar, place);
  return { element, update(next) {
    job = next;
    replace(pill, statePill(job));
    setText(title, titleOf(job));
    replace(labels, tagList(job), noteText(job));
    editing.hidden = false;
    setText(facts, [idBeside(job), job.setup?.network, t("ranks", { n: job.worldSize }), job.setup?.dataKind, job.setup?.owner, job.setup?.runDirectory].filter(Boolean).join(" · "));
    draw.hidden = !job.model;
    draw.setAttribute("href", drawAddress(job.model));
    cancelling.hidden = job.state === "SUCCEEDED" || job.state === "CANCELLED" || job.cancelRequested;
    deleting.hidden = job.state === "RUNNING";
    replace(bar, progressBar(job));
    replace(place, job.error && problem(job.error));
  } };
}

function tile(label: string): { element: HTMLElement; set: (value: string) => void } {
  const value = h("dd", {}, "–");
  return { element: h("div", { class: "tile" }, h("dt", {}, label), value), set: (text) => setText(value, text) };
}

function tookText(job: Job): string {
  const [from, to] = [dateOf(job.startTime), dateOf(job.endTime)];
  return hasEnded(job) && from && to ? duration((to.getTime() - from.getTime()) / 1000) : "–";
}

function tiles(): JobPart {
  const epoch = tile(t("epoch"));
  const step = tile(t("step"));
  const left = tile(t("timeLeft"));
  const speed = tile(t("imagesPerSecond"));
  const loss = tile(t("metric_loss"));
  const accuracy = tile(t("accuracy"));
  const all = [epoch, step, left, speed, loss, accuracy];
  const element = h("dl", { class: "tiles" }, all.map((one) => one.element));
  return { element, update(job) {
    const remaining = secondsOf(job.estimatedRemainingDuration);
    const lossNow = metric(job.metrics, "loss");
    const best = bestAccuracy(job);
    epoch.set(`${count(job.epoch)} / ${count(job.epochs)}`);
    step.set(`${count(job.step)} / ${count(job.totalSteps)}`);
    left.set(job.state === "RUNNING" && remaining !== undefined ? duration(remaining) : tookText(job));
    setText(left.element.querySelector("dt")!, t(hasEnded(job) ? "fromStartToEnd" : "timeLeft"));
    speed.set(job.imagesPerSecond ? count(job.imagesPerSecond) : "–");
    loss.set(lossNow === undefined ? "–" : fixed(lossNow, 4));
    accuracy.set(best ? best.value : percent(metric(job.metrics, "accuracy") ?? 0));
    setText(accuracy.element.querySelector("dt")!, best?.label ?? t("accuracy"));
  } };
}

export const jobPage: Page = async (root, { signal, argument }) => {
  const name = `jobs/${argument}`;
  const parts = [head(name), tiles(), jobCurves(name, signal), ranksCard(), jobResults(signal), recipeCard(), jobDownloads(), eventsCard()];
  root.append(h("div", { class: "job-page" }, parts.map((part) => part.element)));
  try {
    for await (const job of follow(name, signal)) for (const part of parts) part.update(job);
  } catch (error) {
    if (signal.aborted) return;
    const gone = error instanceof RpcError && error.code === "not_found";
    replace(root, gone ? [h("h1", {}, argument), empty(t("jobGone"), h("a", { href: "#/jobs" }, t("allJobs")))] : problem(error));
  }
};
