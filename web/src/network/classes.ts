// What a network's classes are called.
import type { TrainedModel } from "../api/api";

// Numbers where they have no names.
export function classNames({ classCount, classNames: names }: Pick<TrainedModel, "classCount" | "classNames">): string[] {
  return Array.from({ length: classCount }, (_, label) => names[label] || String(label));
}
