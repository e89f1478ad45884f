// What a network's classes are called.
import type { TrainedModel } from "../api/api";

export function classNames(model: Pick<TrainedModel, "classCount">): string[] {
  return Array.from({ length: model.classCount }, (_, label) => String(label));
}
