// Names, tags and notes of jobs: what is shown, and what a form sends.
import assert from "node:assert/strict";
import { test } from "node:test";
import { formOf, idBeside, labelChange, titleOf } from "../../../web/src/base/labels";

const job = (labels) => ({ name: "jobs/first", labels });
const labels = { displayName: "wide kernels", tags: ["lab3", "a, b"], note: "too few epochs" };

test("a job is called by its name, else by its id", () => {
  assert.deepEqual([titleOf(job(labels)), idBeside(job(labels))], ["wide kernels", "first"]);
  for (const none of [undefined, { displayName: "", tags: [], note: "" }]) assert.deepEqual([titleOf(job(none)), idBeside(job(none))], ["first", ""]);
  assert.equal(idBeside(job({ ...labels, displayName: "first" })), "");
});

test("a form that is left as it was sends nothing", () => {
  assert.deepEqual(labelChange(labels, formOf(labels)).paths, []);
  assert.deepEqual(labelChange(undefined, formOf(undefined)).paths, []);
  const loose = { displayName: "two  spaces", tags: [" a"], note: " b " };  // as another program may have given them
  assert.deepEqual(labelChange(loose, formOf(loose)).paths, []);
});

test("only what was changed is sent", () => {
  const form = formOf(labels);
  assert.deepEqual(labelChange(labels, { ...form, note: "" }), { labels: { ...labels, note: "" }, paths: ["labels.note"] });
  assert.deepEqual(labelChange(labels, { ...form, name: "éèß 畳" }).paths, ["labels.display_name"]);
  assert.deepEqual(labelChange(undefined, { name: "a", tags: "b", note: "c" }).paths, ["labels.display_name", "labels.tags", "labels.note"]);
});

test("tags are one a line, each once; a note is one paragraph", () => {
  const { labels: sent, paths } = labelChange(labels, { ...formOf(labels), tags: " lab3 \n\na, b\nlab3\nneu\r\n", note: "two\nlines\t here " });
  assert.deepEqual(sent.tags, ["lab3", "a, b", "neu"]);
  assert.equal(sent.note, "two lines here");
  assert.deepEqual(paths, ["labels.tags", "labels.note"]);
});
