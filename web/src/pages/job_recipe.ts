// The network as Keras's summary shows it, and every other value of the recipe.
import type { Job, Recipe } from "../api/api";
import { h, heads, replace } from "../base/dom";
import { card } from "../base/page";
import { count, t } from "../base/text";
import { describe, shapeText } from "../network/layers";
import type { JobPart } from "./job";

export function summaryTable(recipe: Recipe): HTMLElement {
  const layers = recipe.model ? describe(recipe.model) : [];
  const parameters = layers.reduce((sum, layer) => sum + layer.parameters, 0);
  return h("div", { class: "scroll", tabindex: 0 }, h("table", {},
    heads([t("layer"), t("kind"), t("outputShape"), t("parameters")], [3]),
    h("tbody", {}, layers.map((layer) => h("tr", {}, h("th", { scope: "row" }, layer.name), h("td", {}, layer.kind, layer.detail && h("span", { class: "muted" }, ` ${layer.detail}`)),
      h("td", {}, shapeText(layer.output)), h("td", { class: "number" }, layer.parameters ? count(layer.parameters) : "")))),
    h("tfoot", {}, h("tr", {}, h("th", { scope: "row", colspan: 3 }, t("total")), h("td", { class: "number" }, count(parameters))))));
}

const plain = (value: unknown) => (typeof value === "number" ? String(Number(value.toPrecision(7))) : String(value));
const isList = (value: object): value is unknown[] | Float32Array => Array.isArray(value) || value instanceof Float32Array;

// Every value that is set, by its name in the recipe: "optimizer.learning_rate" -> "0.001", "strides" -> "2, 1".
export function flatten(value: object, prefix = ""): [string, string][] {
  return Object.entries(value).flatMap(([name, entry]): [string, string][] => {
    const path = prefix + name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    if (entry === undefined || entry === "" || name === "model") return [];
    if (typeof entry !== "object" || entry === null) return [[path, plain(entry)]];
    if (!isList(entry)) return flatten(entry, `${path}.`);
    const values = [...entry];
    if (values.some((one) => typeof one === "object")) return values.flatMap((one, i) => flatten(one as object, `${path}.${i + 1}.`));
    return values.length ? [[path, values.map(plain).join(", ")]] : [];
  });
}

function facts(job: Job): [string, string][] {
  const setup = job.setup;
  const own: [string, string][] = setup ? [
    [t("trainImages"), count(setup.trainImageCount)], [t("validationImages"), count(setup.validationImageCount)], [t("testImages"), count(setup.testImageCount)],
    [t("kernels"), `${setup.isa} · ${setup.blasCore}`], [t("version"), setup.version],
  ] : [];
  return job.weightsSha256 ? [...own, [t("weightsHash"), job.weightsSha256]] : own;
}

const definitions = (pairs: [string, string][]) => h("dl", { class: "pairs" }, pairs.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));

export function recipeCard(): JobPart {
  const place = h("div", { class: "recipe" });
  const element = card("recipe", place);
  element.classList.add("wide");
  let shown = "";
  return { element, update(job) {
    const key = `${job.restarts}/${job.epochs}/${job.weightsSha256}`;
    if (key === shown) return;
    shown = key;
    replace(place, job.recipe && summaryTable(job.recipe),
      h("div", { class: "two" }, h("div", {}, h("h3", {}, t("settings")), definitions(job.recipe ? flatten(job.recipe) : [])),
        h("div", {}, h("h3", {}, t("ranWith")), definitions(facts(job)))));
  } };
}
