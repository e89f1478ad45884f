// Draw a digit, and see what one or two networks make of it, layer by layer.
import type { TrainedModel } from "../api/api";
import { h, replace } from "../base/dom";
import { card, empty, heading, orProblem, type Page, problem, trainerCommand } from "../base/page";
import { t } from "../base/text";
import { poll } from "../base/waiting";
import { Studio } from "../draw/studio";
import { Tally } from "../draw/tally";
import { classNames } from "../network/classes";
import { listModels, ModelChoice } from "../network/models";
import { TimeMachine } from "../network/time_machine";

const EVERY_MS = 3000;

const MOST_BUTTONS = 30;

// One of very many classes is chosen from a list.
function meantList(names: string[], meant: (label: number) => void): HTMLElement {
  const list = h("select", { "aria-label": t("meant") }, names.map((name, label) => h("option", { value: label }, name)));
  return h("div", { class: "digits", role: "group", "aria-label": t("meant") }, list,
    h("button", { type: "button", onclick: () => meant(Number(list.value)) }, t("meantChoose")));
}

function meantButtons(names: string[], meant: (label: number) => void): HTMLElement {
  if (names.length > MOST_BUTTONS) return meantList(names, meant);
  return h("div", { class: "digits", role: "group", "aria-label": t("meant") },
    names.map((name, label) => h("button", { type: "button", onclick: () => meant(label) }, name)));
}

export const drawPage: Page = (root, { signal, query }) => {
  const studio = new Studio(signal);
  const tally = new Tally();
  const asked = h("div", { class: "meant", hidden: true });
  let models: TrainedModel[] = [];
  let last = "";  // of the networks that were there
  let label = -1;
  const byName = (name: string) => models.find((model) => model.name === name);
  const secondPlace = h("div", { class: "reading second", hidden: true }, h("h3", {}), studio.second.probabilities.element);
  const firstTitle = h("h3", {});
  let then: TrainedModel | undefined;  // the first network as it was; none: as it is now
  let shown = "";
  const times = new TimeMachine(signal, (model) => {
    then = model;
    changed();
  });
  const changed = () => {
    const [one, two] = [byName(first.value), byName(second.value)];
    if (then && then.job !== one?.job) then = undefined;
    if (one) void orProblem(nothing, () => times.follow(one.name, `${one.version} ${one.final}`));
    firstTitle.textContent = one ? one.name.slice("models/".length) : "";
    secondPlace.hidden = !two;
    secondPlace.querySelector("h3")!.textContent = two ? two.name.slice("models/".length) : "";
    if (one && one.name !== shown) {
      shown = one.name;
      const names = classNames(one);
      tally.show(one.network, names);
      replace(asked, h("p", {}, t("meantQuestion")), meantButtons(names, (meant) => {
        tally.add(meant, label);
        studio.clear();
      }));
    }
    studio.setModels(one && (then ?? one), two);
  };
  const first = new ModelChoice(t("network"), false, changed);
  const second = new ModelChoice(t("besides"), true, changed);
  studio.onReading = (reading) => {
    label = reading?.prediction.label ?? -1;
    asked.hidden = !reading;
  };

  const body = h("div", { class: "draw-page", hidden: true },
    h("section", { class: "card sheet" }, h("h2", { class: "visually-hidden" }, t("sheet")), studio.pad.canvas, studio.tools, studio.noise, studio.trouble,
      h("p", { class: "muted" }, t("pasteHint"))),
    h("section", { class: "card readings" }, h("h2", {}, t("whatItReads")), times.element,
      h("div", { class: "reading-pair" }, h("div", { class: "reading" }, firstTitle, studio.first.probabilities.element), secondPlace), asked),
    h("section", { class: "card prepared" }, h("h2", {}, t("whatItSees")), studio.prepared, studio.preparation),
    h("section", { class: "card layers-card" }, h("h2", {}, t("featureMaps")), h("p", { class: "muted" }, t("featureMapsText")),
      h("div", { class: "layers-and-inspector" }, studio.maps.element, studio.inspector.element)),
    card("tally", tally.element));
  const nothing = h("div", {});
  root.append(heading(t("drawTitle"), t("drawLead"), first.element, second.element), nothing, body);

  void poll(signal, EVERY_MS, async () => {
    models = await listModels(signal);
    const wanted = query.get("model");
    first.update(models, wanted ? `models/${wanted}` : "");
    second.update(models, query.get("with") ? `models/${query.get("with")}` : "");
    body.hidden = models.length === 0;
    replace(nothing, models.length === 0 && empty(t("noModels"), t("noModelsText"), trainerCommand()));
    const seen = [byName(first.value), byName(second.value)].map((model) => `${model?.name} ${model?.version} ${model?.final}`).join(" ");
    if (seen !== last) changed();
    last = seen;
  }, (error) => replace(nothing, problem(error)));
};
