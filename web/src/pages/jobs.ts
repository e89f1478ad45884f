// All jobs, the newest first, as they are now.
import { type Job, JobService, type MetricSample } from "../api/api";
import { bestAccuracy, dateOf, hasEnded, metric, progressBar, secondsOf, statePill } from "../base/job_facts";
import { h, replace } from "../base/dom";
import { idBeside, titleOf } from "../base/labels";
import { drawAddress, empty, heading, jobAddress, type Page, problem, trainerCommand } from "../base/page";
import { count, duration, moment, t } from "../base/text";
import { poll } from "../base/waiting";
import { sparkline } from "../charts/sparkline";
import { call } from "../rpc/client";
import { noteText, tagList } from "./job_labels";

const EVERY_MS = 1500;
const PAGE_SIZE = 50;

// The epochs of each job, asked for again only when there are more.
class Epochs {
  private readonly known = new Map<string, { key: string; samples: MetricSample[] }>();

  async of(job: Job, signal: AbortSignal): Promise<MetricSample[]> {
    const key = `${job.completedEpochs}/${job.restarts}`;
    const known = this.known.get(job.name);
    if (known?.key === key) return known.samples;
    const samples = job.completedEpochs === 0 ? []
      : (await call(JobService.listMetrics, { parent: job.name, scope: "EPOCH" }, { signal })).samples;
    this.known.set(job.name, { key, samples });
    return samples;
  }
}

function curve(samples: MetricSample[]): SVGElement | null {
  const points = samples.map((sample) => [sample.epoch, metric(sample.metrics, "val_accuracy") ?? metric(sample.metrics, "accuracy") ?? 0] as const);
  return points.length > 1 ? sparkline(points, t("accuracyByEpoch")) : null;
}

function progressText(job: Job): string {
  const epochs = t("epochOf", { epoch: count(job.epoch), epochs: count(job.epochs) });
  const left = secondsOf(job.estimatedRemainingDuration);
  return left === undefined || hasEnded(job) ? epochs : `${epochs} · ${t("left", { time: duration(left) })}`;
}

function row(job: Job, samples: MetricSample[]): HTMLElement {
  const accuracy = bestAccuracy(job);
  const created = dateOf(job.createTime);
  return h("li", { class: "job-row" },
    h("div", { class: "job-name" }, h("a", { href: jobAddress(job.name) }, titleOf(job)),
      h("span", { class: "muted" }, [idBeside(job), job.setup?.network, job.setup?.dataKind, job.setup?.owner].filter(Boolean).join(" · ")),
      tagList(job), noteText(job)),
    statePill(job),
    h("div", { class: "job-progress" }, progressBar(job), h("span", { class: "muted" }, progressText(job))),
    h("div", { class: "job-curve" }, curve(samples)),
    h("div", { class: "figure-of" }, h("strong", {}, accuracy?.value ?? "–"), h("span", { class: "muted" }, accuracy?.label ?? t("accuracy"))),
    h("div", { class: "figure-of" }, h("strong", {}, job.imagesPerSecond ? count(job.imagesPerSecond) : "–"), h("span", { class: "muted" }, t("imagesPerSecond"))),
    h("div", { class: "job-when muted" }, created ? moment(created) : "", h("span", {}, t("ranks", { n: job.worldSize }))),
    job.model && h("a", { class: "button small", href: drawAddress(job.model), "aria-label": t("drawFor", { job: titleOf(job) }) }, t("draw")));
}

function nothingYet(): HTMLElement {
  return empty(t("noJobs"), t("noJobsText"), trainerCommand());
}

export const jobsPage: Page = (root, { signal }) => {
  const list = h("ul", { class: "jobs", "aria-label": t("jobs") });
  const more = h("p", { class: "muted" });
  root.append(heading(t("jobs"), t("jobsLead")), list, more);
  const epochs = new Epochs();
  let shown = "";
  void poll(signal, EVERY_MS, async () => {
    const { jobs, nextPageToken } = await call(JobService.listJobs, { pageSize: PAGE_SIZE }, { signal });
    const samples = await Promise.all(jobs.map((job) => epochs.of(job, signal)));
    const state = JSON.stringify([jobs, samples.map((one) => one.length)], (_, value) => (typeof value === "bigint" ? String(value) : value));
    if (state === shown) return;
    shown = state;
    keepFocus(list, () => replace(list, jobs.length ? jobs.map((job, i) => row(job, samples[i]!)) : h("li", {}, nothingYet())));
    more.textContent = nextPageToken ? t("onlyNewest", { n: jobs.length }) : "";
  }, (error) => replace(list, h("li", {}, problem(error))));
};

// A link that has the focus has it again after all rows were made anew.
function keepFocus(list: HTMLElement, change: () => void): void {
  const links = () => [...list.querySelectorAll("a")];
  const focused = document.activeElement?.getAttribute("href");
  const had = list.contains(document.activeElement);
  change();
  if (had) links().find((link) => link.getAttribute("href") === focused)?.focus();
}

