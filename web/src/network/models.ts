// Which networks there are, and what must be known of one to show how it computes.
import { JobService, type LayerFilters, ModelService, type TrainedModel } from "../api/api";
import { freshId, h, replace } from "../base/dom";
import { idOf } from "../base/page";
import { metric } from "../base/job_facts";
import { percent, t } from "../base/text";
import { call } from "../rpc/client";
import { describe, type LayerFacts } from "./layers";

const MOST = 200;

export async function listModels(signal: AbortSignal): Promise<TrainedModel[]> {
  const models: TrainedModel[] = [];
  let pageToken = "";
  do {
    const page = await call(ModelService.listModels, { pageSize: MOST - models.length, pageToken }, { signal });
    models.push(...page.models);
    pageToken = page.nextPageToken;
  } while (pageToken && models.length < MOST);
  return models;
}

export interface NetworkFacts {
  layers: LayerFacts[];
  filters: LayerFilters[];
}

export async function factsOf(model: TrainedModel, signal: AbortSignal): Promise<NetworkFacts> {
  const [job, filters] = await Promise.all([
    call(JobService.getJob, { name: model.job }, { signal }),
    call(ModelService.getFilters, { name: model.name }, { signal }),
  ]);
  return { layers: job.recipe?.model ? describe(job.recipe.model) : [], filters: filters.layers };
}

function optionText(model: TrainedModel): string {
  const accuracy = metric(model.metrics, "test_accuracy") ?? metric(model.metrics, "val_accuracy");
  return [idOf(model.name), model.network, accuracy === undefined ? "" : percent(accuracy)].filter(Boolean).join(" · ");
}

// A list to choose a model from; the first entry of an optional one means none.
export class ModelChoice {
  readonly element: HTMLElement;
  private readonly list: HTMLSelectElement;

  constructor(label: string, private readonly optional: boolean, chosen: (name: string) => void) {
    const id = freshId("model");
    this.list = h("select", { id, onchange: () => chosen(this.list.value) });
    this.element = h("div", { class: "field" }, h("label", { for: id }, label), this.list);
  }

  // Keeps what was chosen if it is still there.
  update(models: TrainedModel[], wanted: string): void {
    const before = this.list.value || wanted;
    replace(this.list, this.optional && h("option", { value: "" }, t("none")), models.map((model) => h("option", { value: model.name }, optionText(model))));
    this.list.value = models.some((model) => model.name === before) ? before : this.optional ? "" : (models[0]?.name ?? "");
  }

  get value(): string {
    return this.list.value;
  }
}
