// Evaluations of models, each asked for once: the coordinator may compute for seconds.
import { type EvaluateModelResponse, ModelService } from "../api/api";
import { insist } from "../base/waiting";
import { call } from "../rpc/client";

export const WORST = 20;  // mistakes that are asked for, and shown at most
const MOST = 40;
const known = new Map<string, Promise<EvaluateModelResponse>>();

// `version` tells the epochs of a model apart.
export function evaluate(model: string, version: string, noise: number, signal: AbortSignal): Promise<EvaluateModelResponse> {
  const key = `${model} ${version} ${noise}`;
  const found = known.get(key);
  if (found) return found;
  const asked = insist(signal, () => call(ModelService.evaluateModel,
    { name: model, split: "TEST", noiseLevel: noise, noiseSeed: 42n, maxMistakes: WORST }, { signal }))
    // Matrices under noise are not shown, and of a thousand classes each takes megabytes.
    .then((result) => (noise > 0 ? { ...result, confusionMatrix: [] } : result));
  known.set(key, asked);
  if (known.size > MOST) known.delete(known.keys().next().value!);
  asked.catch(() => known.delete(key));
  return asked;
}
