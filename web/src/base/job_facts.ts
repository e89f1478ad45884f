// What several pages say about a job.
import type { Job, JobState, Metric } from "../api/api";
import { h } from "./dom";
import { percent, t } from "./text";

const TONES: Partial<Record<JobState, string>> = {
  RUNNING: "live", SUCCEEDED: "good", FAILED: "bad", LOST: "warn", STOPPED: "calm", CANCELLED: "calm",
};

export function statePill(job: Job): HTMLElement {
  const asked = job.cancelRequested && job.state === "RUNNING";
  return h("span", { class: `pill ${TONES[job.state] ?? "calm"}` }, t(asked ? "state_CANCELLING" : `state_${job.state}`));
}

export const metric = (metrics: Metric[], name: string) => metrics.find((one) => one.name === name)?.value;

export const hasEnded = (job: Job) => job.state !== "RUNNING" && job.state !== "LOST";

// The accuracy that says most: test, else validation, else training.
export function bestAccuracy(job: Job): { value: string; label: string } | undefined {
  for (const name of ["test_accuracy", "val_accuracy", "accuracy"] as const) {
    const value = metric(job.metrics, name);
    if (value !== undefined) return { value: percent(value), label: t(`metric_${name}`) };
  }
  return undefined;
}

interface Moment {
  seconds: number;
  nanos: number;
}

export const dateOf = (moment?: Moment) => (moment ? new Date(moment.seconds * 1000 + moment.nanos / 1e6) : undefined);
export const secondsOf = (span?: Moment) => (span ? span.seconds + span.nanos / 1e9 : undefined);

export function progressBar(job: Job): HTMLElement {
  const bar = h("span", { class: "progress-fill" });
  bar.style.width = `${job.totalSteps > 0 ? (100 * job.step) / job.totalSteps : job.progressPercentage}%`;
  if (job.state === "SUCCEEDED") bar.style.width = "100%";
  return h("span", { class: `progress ${TONES[job.state] ?? "calm"}`, role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100,
    "aria-valuenow": job.progressPercentage, "aria-label": t("progress") }, bar);
}
