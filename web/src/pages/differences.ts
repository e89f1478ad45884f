// In what the recipes of several jobs differ.
import type { Job } from "../api/api";
import { flatten } from "./job_recipe";

const layersOf = (job: Job) => job.recipe?.model?.layers ?? [];
const namesOf = (job: Job) => layersOf(job).map((layer) => layer.name);

// Layers go by their names, so that one more in the middle does not make all that follow differ.
function layerValues(job: Job): [string, string][] {
  return layersOf(job).flatMap((layer) => flatten(layer).filter(([name]) => name !== "name").map(([name, value]): [string, string] => [`${layer.name}: ${name}`, value]));
}

// The order of the layers where all have the same ones, else how many there are.
function layerLists(jobs: Job[]): string[] {
  const sets = new Set(jobs.map((job) => JSON.stringify(namesOf(job).sort())));
  return jobs.map((job) => (sets.size === 1 ? namesOf(job).join(", ") : String(namesOf(job).length)));
}

// Every value that is not the same in all, by its name, with what it is in each; "–" where one has none.
export function differences(jobs: Job[]): [string, string[]][] {
  const lists = layerLists(jobs);
  const recipes = jobs.map((job, i) => new Map([...flatten(job.recipe ?? {}), ["layers", lists[i]!], ...layerValues(job), ["data", job.setup?.dataKind ?? ""]]));
  const names = [...new Set(recipes.flatMap((recipe) => [...recipe.keys()]))];
  return names.map((name): [string, string[]] => [name, recipes.map((recipe) => recipe.get(name) ?? "–")])
    .filter(([, values]) => new Set(values).size > 1);
}
