// Files of a job to take home: the model as it is and for other programs, and the history.
import { type ExportFormat, type Job, JobService, ModelService } from "../api/api";
import { h, replace } from "../base/dom";
import { metric } from "../base/job_facts";
import { card, idOf, orProblem } from "../base/page";
import { bytes, t } from "../base/text";
import { call, read } from "../rpc/client";
import type { JobPart } from "./job";

const HISTORY = ["loss", "accuracy", "val_loss", "val_accuracy"];

function save(name: string, parts: BlobPart[], type: string): void {
  const url = URL.createObjectURL(new Blob(parts, { type }));
  const link = h("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

async function saveModel(job: Job, said: HTMLElement): Promise<void> {
  const chunks: Uint8Array[] = [];
  let received = 0;
  for await (const { chunk } of read(ModelService.downloadModel, { name: job.model })) {
    if (!chunk) continue;
    chunks.push(chunk);
    said.textContent = bytes((received += chunk.length));
  }
  save(`${idOf(job.name)}.convoy`, chunks, "application/octet-stream");
}

const FORMATS = { "Keras (.h5)": "KERAS_H5", "Keras 3 (.keras)": "KERAS_ARCHIVE", "TensorFlow.js (.zip)": "TFJS", "ONNX (.onnx)": "ONNX" } as const;

async function saveExport(job: Job, format: ExportFormat, said: HTMLElement): Promise<void> {
  const chunks: Uint8Array[] = [];
  let name = "";
  let received = 0;
  said.textContent = t("exporting");
  for await (const { file, chunk } of read(ModelService.exportModel, { name: job.model, format })) {
    if (file) name = file.name;
    if (!chunk) continue;
    chunks.push(chunk);
    said.textContent = bytes((received += chunk.length));
  }
  save(name, chunks, "application/octet-stream");
}

// Keras's history object: what was measured, by its names.
async function saveHistory(job: Job): Promise<void> {
  const { samples } = await call(JobService.listMetrics, { parent: job.name, scope: "EPOCH", pageSize: 10000 });
  const measured = HISTORY.filter((name) => samples.some((sample) => metric(sample.metrics, name) !== undefined));
  const history = Object.fromEntries(measured.map((name) => [name, samples.map((sample) => metric(sample.metrics, name))]));
  save(`${idOf(job.name)}-history.json`, [JSON.stringify(history, null, 1)], "application/json");
}

export function jobDownloads(): JobPart {
  const place = h("div", {});
  const element = card("downloads", place);
  let shown = "";
  return { element, update(job) {
    element.hidden = job.model === "";
    if (job.model === "" || shown === job.model) return;
    shown = job.model;
    const said = h("p", { class: "muted", role: "status" });
    const button = (label: string, task: () => Promise<void>) => h("button", { type: "button", onclick: () => void orProblem(said, task) }, label);
    const exports = Object.entries(FORMATS).map(([label, format]) => button(label, () => saveExport(job, format, said)));
    replace(place, h("div", { class: "buttons" }, button("model.convoy", () => saveModel(job, said)), ...exports, button("history.json", () => saveHistory(job))), said,
      h("p", { class: "muted" }, t("exportHelp")));
  } };
}
