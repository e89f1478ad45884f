// Evaluations of models, each made once: the coordinator computes for seconds.
import { type EvaluateModelResponse, ModelService } from "../api/api";
import { insist } from "../base/waiting";
import { call } from "../rpc/client";

const MAX_MISTAKES = 1000;
const known = new Map<string, Promise<EvaluateModelResponse>>();

// `version` tells the epochs of a model apart.
export function evaluate(model: string, version: string, noise: number, signal: AbortSignal): Promise<EvaluateModelResponse> {
  const key = `${model} ${version} ${noise}`;
  const found = known.get(key);
  if (found) return found;
  const asked = insist(signal, () => call(ModelService.evaluateModel,
    { name: model, split: "TEST", noiseLevel: noise, noiseSeed: 42n, maxMistakes: MAX_MISTAKES }, { signal }));
  known.set(key, asked);
  asked.catch(() => known.delete(key));
  return asked;
}
