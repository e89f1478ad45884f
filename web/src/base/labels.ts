// What people call a job, and what of it they have changed in a form. No words of the page: those are with who shows it.
import type { Job, JobLabels } from "../api/api";

export interface LabelForm {
  name: string;
  tags: string;  // one a line: a tag may hold any other sign
  note: string;  // the coordinator takes one paragraph
}

const idOfJob = (job: Job) => job.name.replace(/^jobs\//, "");

// What it is called, else what it is named by.
export const titleOf = (job: Job) => job.labels?.displayName || idOfJob(job);

// Its id where that is not its title already.
export const idBeside = (job: Job) => (job.labels?.displayName && job.labels.displayName !== idOfJob(job) ? idOfJob(job) : "");

export function formOf(labels: JobLabels | undefined): LabelForm {
  return { name: labels?.displayName ?? "", tags: (labels?.tags ?? []).join("\n"), note: labels?.note ?? "" };
}

export interface LabelChange {
  labels: Pick<JobLabels, "displayName" | "tags" | "note">;
  paths: string[];  // of the fields that are not as they were
}

const oneLine = (text: string) => text.replace(/\s+/g, " ").trim();

// Fields that stay are not sent, so that what others change meanwhile stays, too.
export function labelChange(before: JobLabels | undefined, form: LabelForm): LabelChange {
  const tags = [...new Set(form.tags.split("\n").map(oneLine).filter(Boolean))];
  const labels = { displayName: oneLine(form.name), tags, note: oneLine(form.note) };
  const was = formOf(before);
  const changed = (written: string, meant: string, old: string) => written !== old && meant !== old;
  const paths = [
    changed(form.name, labels.displayName, was.name) && "labels.display_name",
    changed(form.tags, tags.join("\n"), was.tags) && "labels.tags",
    changed(form.note, labels.note, was.note) && "labels.note",
  ].filter((path): path is string => path !== false);
  return { labels, paths };
}
