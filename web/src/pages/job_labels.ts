// A job's name, tags and note: shown, and changed by whoever may cancel it.
import { type Job, JobService } from "../api/api";
import { ask } from "../base/dialog";
import { freshId, h } from "../base/dom";
import { formOf, idBeside, labelChange, type LabelForm, titleOf } from "../base/labels";
import { t } from "../base/text";
import { call } from "../rpc/client";

export function tagList(job: Job): HTMLElement | false {
  const tags = job.labels?.tags ?? [];
  return tags.length > 0 && h("ul", { class: "tags", "aria-label": t("tags") }, tags.map((tag) => h("li", { class: "pill" }, tag)));
}

export function noteText(job: Job): HTMLElement | false {
  return !!job.labels?.note && h("p", { class: "job-note" }, job.labels.note);
}

// As it stands in a table's head or beside a box: the id with it where the name is another.
export const fullTitle = (job: Job) => [h("span", {}, titleOf(job)), idBeside(job) && h("span", { class: "muted" }, ` ${idBeside(job)}`)];

function field(label: string, help: string, control: HTMLInputElement | HTMLTextAreaElement): HTMLElement {
  control.id = freshId("label");
  const said = help ? h("p", { class: "muted", id: `${control.id}-help` }, help) : null;
  if (said) control.setAttribute("aria-describedby", said.id);
  return h("div", { class: "field" }, h("label", { for: control.id }, label), control, said);
}

export async function editLabels(job: Job): Promise<void> {
  const before = formOf(job.labels);
  const name = h("input", { type: "text", value: before.name, autocomplete: "off" });
  const tags = h("textarea", { rows: 3 }, before.tags);
  const note = h("textarea", { rows: 4 }, before.note);
  const fields = h("div", {}, field(t("labelName"), "", name), field(t("tags"), t("tagsHelp"), tags), field(t("note"), "", note));
  await ask(t("labelsQuestion", { job: titleOf(job) }), fields, t("saveLabels"), async (token) => {
    const form: LabelForm = { name: name.value, tags: tags.value, note: note.value };
    const { labels, paths } = labelChange(job.labels, form);
    if (paths.length === 0) return;
    await call(JobService.updateJob, { job: { name: job.name, labels } as Job, updateMask: { paths } }, { token });
  }, "primary");
}
