// Several runs on one axis, and in what their recipes differ.
import { type Job, JobService, type MetricSample } from "../api/api";
import { h, replace } from "../base/dom";
import { metric } from "../base/job_facts";
import { formOf, titleOf } from "../base/labels";
import { card, empty, heading, idOf, jobAddress, type Page, problem } from "../base/page";
import { count, duration, fixed, percent, t } from "../base/text";
import { poll } from "../base/waiting";
import { legendMark, type Series } from "../charts/line_chart";
import { call } from "../rpc/client";
import { differences } from "./differences";
import { metricChart, type MetricName } from "./job_curves";
import { fullTitle, noteText, tagList } from "./job_labels";

const EVERY_MS = 2000;
const LONG = 40;     // characters, of a cell that is broken into lines
const MOST_RUNS = 8;  // as many colours as can be told apart

interface Run {
  job: Job;
  epochs: MetricSample[];
}

// Asked for again only while a run can change.
class Runs {
  private readonly known = new Map<string, { key: string; run: Run }>();

  async get(job: Job, signal: AbortSignal): Promise<Run> {
    const key = JSON.stringify([job.state, job.completedEpochs, job.restarts, formOf(job.labels)]);
    const known = this.known.get(job.name);
    if (known?.key === key) return known.run;
    const [whole, epochs] = await Promise.all([
      call(JobService.getJob, { name: job.name }, { signal }),
      call(JobService.listMetrics, { parent: job.name, scope: "EPOCH", pageSize: 10000 }, { signal }),
    ]);
    const run = { job: whole, epochs: epochs.samples };
    this.known.set(job.name, { key, run });
    return run;
  }
}

function seriesOf(runs: Run[], name: MetricName): Series[] {
  const points = (run: Run, key: string) => run.epochs.flatMap((sample) => {
    const value = metric(sample.metrics, key);
    return value === undefined ? [] : [[sample.epoch, value] as const];
  });
  return runs.map((run, i) => ({ name: titleOf(run.job), colour: i + 1, markers: true, dashed: i % 2 === 1, points: points(run, `val_${name}`) }));
}

function seconds(run: Run): number {
  return run.epochs.reduce((sum, sample) => sum + sample.trainSeconds, 0);
}

const RESULTS: [Parameters<typeof t>[0], (run: Run) => string][] = [
  ["metric_test_accuracy", (run) => orDash(metric(run.job.metrics, "test_accuracy"), (value) => percent(value))],
  ["metric_val_accuracy", (run) => orDash(metric(run.job.metrics, "val_accuracy"), (value) => percent(value))],
  ["metric_val_loss", (run) => orDash(metric(run.job.metrics, "val_loss"), (value) => fixed(value, 4))],
  ["epochs", (run) => `${count(run.job.completedEpochs)} / ${count(run.job.epochs)}`],
  ["trainingTime", (run) => duration(seconds(run))],
  ["imagesPerSecond", (run) => (run.job.imagesPerSecond ? count(run.job.imagesPerSecond) : "–")],
  ["parameters", (run) => count(run.job.setup?.parameterCount ?? 0)],
  ["ranksTitle", (run) => count(run.job.worldSize)],
];

// What people said of the runs stands below the numbers, where anybody did.
function resultRows(runs: Run[]): [string, (string | HTMLElement)[]][] {
  const numbers = RESULTS.map(([title, of]): [string, string[]] => [t(title), runs.map(of)]);
  const said: [string, (string | HTMLElement)[]][] = [
    [t("tags"), runs.map((run) => tagList(run.job) || "")], [t("note"), runs.map((run) => noteText(run.job) || "")],
  ];
  return [...numbers, ...said.filter(([, cells]) => cells.some(Boolean))];
}

const orDash = (value: number | undefined, text: (value: number) => string) => (value === undefined ? "–" : text(value));

function table(runs: Run[], caption: string, rows: [string, (string | HTMLElement)[]][]): HTMLElement {
  return h("div", { class: "scroll", tabindex: 0 }, h("table", { class: "compare-table" }, h("caption", {}, caption),
    h("thead", {}, h("tr", {}, h("td", {}), runs.map((run, i) => h("th", { scope: "col" },
      legendMark({ name: "", points: [], colour: i + 1, dashed: i % 2 === 1, markers: true }), h("a", { href: jobAddress(run.job.name) }, fullTitle(run.job)))))),
    h("tbody", {}, rows.map(([name, values]) => h("tr", {}, h("th", { scope: "row" }, name), values.map((value) => h("td", { class: typeof value === "string" && value.length > LONG ? "long" : null }, value)))))));
}

function choice(jobs: Job[], chosen: Set<string>, changed: () => void): HTMLElement {
  return h("fieldset", { class: "choice" }, h("legend", {}, t("chooseRuns", { n: MOST_RUNS })), jobs.map((job) => {
    const box = h("input", { type: "checkbox", checked: chosen.has(job.name), onchange: () => {
      if (box.checked && chosen.size >= MOST_RUNS) box.checked = false;
      if (box.checked) chosen.add(job.name);
      else chosen.delete(job.name);
      changed();
    } });
    return h("label", {}, box, h("span", {}, fullTitle(job), h("span", { class: "muted" }, ` ${job.setup?.network ?? ""}`)));
  }));
}

export const comparePage: Page = (root, { signal, query }) => {
  const chosen = new Set((query.get("runs") ?? "").split(",").filter(Boolean).map((id) => `jobs/${id}`));
  const charts = (["accuracy", "loss"] as const).map((name) => ({ name, chart: metricChart(name, t("epoch"), count,
    ([from, to]) => Array.from({ length: Math.floor(to) - Math.ceil(from) + 1 }, (_, i) => Math.ceil(from) + i).filter((_, i, all) => i % Math.ceil(all.length / 10) === 0)) }));
  const choices = h("div", {});
  const tables = h("div", { class: "stack" });
  const body = h("div", { class: "card wide" }, h("p", { class: "muted note" }, t("validationOnly")), h("div", { class: "two" }, charts.map(({ chart }) => chart.element)));
  root.append(heading(t("compareTitle"), t("compareLead")), choices, body, tables);
  const known = new Runs();
  let listed = "";
  let shown = "";
  const refresh = async () => {
    const { jobs } = await call(JobService.listJobs, { pageSize: 200 }, { signal });
    if (chosen.size === 0 && listed === "") for (const job of jobs.slice(0, 3)) chosen.add(job.name);
    body.hidden = jobs.length === 0;
    const names = JSON.stringify(jobs.map((job) => [job.name, job.labels?.displayName]));
    if (names !== listed || listed === "") replace(choices, jobs.length ? choice(jobs, chosen, () => void refresh().catch(() => undefined)) : empty(t("noJobs"), t("noJobsText")));
    listed = names;
    const runs = await Promise.all(jobs.filter((job) => chosen.has(job.name)).map((job) => known.get(job, signal)));
    const key = JSON.stringify(runs.map(({ job, epochs }) => [job.name, job.state, epochs.length, formOf(job.labels)]));
    if (key === shown) return;
    shown = key;
    for (const { name, chart } of charts) chart.update(seriesOf(runs, name));
    const unlike = differences(runs.map(({ job }) => job));
    replace(tables, runs.length > 0 && card("results", table(runs, t("resultsCaption"), resultRows(runs))),
      runs.length > 1 && card("differences", unlike.length ? table(runs, t("differencesCaption"), unlike) : h("p", { class: "muted" }, t("sameRecipe"))));
    history.replaceState(null, "", `#/compare?runs=${[...chosen].map((name) => encodeURIComponent(idOf(name))).join(",")}`);
  };
  void poll(signal, EVERY_MS, refresh, (error) => replace(tables, problem(error)));
};
