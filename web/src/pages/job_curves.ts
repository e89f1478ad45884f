// Learning curves: all steps that the coordinator kept are asked for once; from then on each state of the job adds one.
import { type Job, JobService, type MetricSample } from "../api/api";
import { h } from "../base/dom";
import { metric } from "../base/job_facts";
import { count, fixed, percent, t } from "../base/text";
import { insist } from "../base/waiting";
import { LineChart, type Point, type Series } from "../charts/line_chart";
import { type Domain, padded, quantile } from "../charts/scale";
import { call } from "../rpc/client";
import type { JobPart } from "./job";

export type MetricName = "loss" | "accuracy";

// The axis leaves out the first steps of an untrained network, which would flatten all that follows.
export function curveDomain(name: MetricName, series: Series[]): Domain {
  const faint = series.filter((one) => one.faint).flatMap((one) => one.points.map((point) => point[1]));
  const exact = series.filter((one) => !one.faint).flatMap((one) => one.points.map((point) => point[1]));
  const all = [...exact, ...(faint.length ? [quantile(faint, 0.06), quantile(faint, 0.94)] : [])];
  if (all.length === 0) return [0, 1];
  const [from, to] = padded([Math.min(...all), Math.max(...all)], 0.002);
  return name === "accuracy" ? [Math.max(0, from), Math.min(1.002, to)] : [Math.max(0, from), to];
}

const digitsOf = (step: number) => Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
const accuracyTick = (value: number, step: number) => percent(value, Math.max(0, digitsOf(step) - 2));
const lossTick = (value: number, step: number) => fixed(value, digitsOf(step));
export const accuracyText = (value: number) => percent(Math.min(value, 1), 2);
export const lossText = (value: number) => fixed(value, value < 0.1 ? 4 : 3);

export function metricChart(name: MetricName, xLabel: string, formatX: (value: number) => string, xTicks?: (domain: Domain) => number[]): LineChart {
  return new LineChart({ title: t(`metric_${name}`), xLabel, formatX, xTicks, wholeX: true, formatY: name === "accuracy" ? accuracyText : lossText,
    formatTick: name === "accuracy" ? accuracyTick : lossTick, yDomain: (series) => curveDomain(name, series) });
}

const pointsOf = (samples: MetricSample[], name: string): Point[] => samples.flatMap((sample) => {
  const value = metric(sample.metrics, name);
  return value === undefined ? [] : [[sample.step, value] as const];
});

class Curves {
  private steps: MetricSample[] = [];
  private epochs: MetricSample[] = [];
  private asked = "";
  readonly charts = (["loss", "accuracy"] as const).map((name) => ({ name, chart: metricChart(name, t("step"), count) }));

  constructor(private readonly job: string, private readonly signal: AbortSignal) {}

  update(job: Job): void {
    const key = `${job.completedEpochs}/${job.restarts}`;
    if (key !== this.asked) void this.ask(key, this.asked === "" || job.step < (this.steps.at(-1)?.step ?? 0));
    const last = this.steps.at(-1)?.step ?? 0;
    if (job.state === "RUNNING" && job.step > last && metric(job.metrics, "loss") !== undefined) {
      this.steps.push({ scope: "STEP", epoch: job.epoch, step: job.step, metrics: job.metrics, imagesPerSecond: job.imagesPerSecond, trainSeconds: 0, validationSeconds: 0 });
      this.draw();
    }
  }

  private async ask(key: string, withSteps: boolean): Promise<void> {
    this.asked = key;
    try {
      const { samples } = await insist(this.signal, () => call(JobService.listMetrics,
        { parent: this.job, pageSize: 10000, ...(withSteps ? {} : { scope: "EPOCH" as const }) }, { signal: this.signal }));
      if (withSteps) this.steps = samples.filter((sample) => sample.scope === "STEP");
      this.epochs = samples.filter((sample) => sample.scope === "EPOCH");
      this.draw();
    } catch {
      this.asked = "";  // the job was deleted or the page left: the stream says which
    }
  }

  private draw(): void {
    for (const { name, chart } of this.charts) {
      chart.update([
        { name: t("eachStep"), colour: 1, faint: true, points: pointsOf(this.steps, name) },
        { name: t("training"), colour: 1, markers: true, points: pointsOf(this.epochs, name) },
        { name: t("validation"), colour: 2, markers: true, dashed: true, points: pointsOf(this.epochs, `val_${name}`) },
      ]);
    }
  }
}

export function jobCurves(name: string, signal: AbortSignal): JobPart {
  const curves = new Curves(name, signal);
  const element = h("section", { class: "card wide" }, h("h2", {}, t("learningCurves")),
    h("div", { class: "two" }, curves.charts.map(({ chart }) => chart.element)));
  return { element, update: (job) => curves.update(job) };
}
