// A network's layers with the shapes and sizes that follow from its description (proto/convoy/v1/model.proto).
import type { ActivationFunction, Layer, Model } from "../api/api";

export interface Window {
  height: number;
  width: number;
  strideY: number;
  strideX: number;
  padTop: number;
  padLeft: number;
}

export interface LayerFacts {
  name: string;
  kind: string;      // "Conv2D", ... as Keras calls it
  detail: string;    // "3 × 3, relu"
  input: number[];   // [height, width, channels] or [units]
  output: number[];
  parameters: number;
  activation: ActivationFunction;
  window?: Window;   // of convolutions and pools
}

const KINDS: [keyof Layer, string][] = [
  ["conv2d", "Conv2D"], ["maxPooling2d", "MaxPooling2D"], ["flatten", "Flatten"], ["dense", "Dense"], ["dropout", "Dropout"],
  ["activation", "Activation"], ["averagePooling2d", "AveragePooling2D"], ["globalAveragePooling2d", "GlobalAveragePooling2D"],
  ["batchNormalization", "BatchNormalization"],
];

const pair = (list: number[], standard: [number, number]): [number, number] =>
  list.length === 0 ? standard : [list[0]!, list[1] ?? list[0]!];

const product = (shape: number[]) => shape.reduce((all, one) => all * one, 1);

function outputSize(size: number, window: number, stride: number, same: boolean): { size: number; pad: number } {
  if (!same) return { size: Math.floor((size - window) / stride) + 1, pad: 0 };
  const out = Math.ceil(size / stride);
  return { size: out, pad: Math.floor(Math.max(0, (out - 1) * stride + window - size) / 2) };
}

function windowed(input: number[], [height, width]: [number, number], [strideY, strideX]: [number, number], same: boolean) {
  const vertical = outputSize(input[0]!, height, strideY, same);
  const horizontal = outputSize(input[1]!, width, strideX, same);
  const window: Window = { height, width, strideY, strideX, padTop: vertical.pad, padLeft: horizontal.pad };
  return { window, size: [vertical.size, horizontal.size] };
}

const words = (...parts: (string | false)[]) => parts.filter(Boolean).join(", ");
const active = (activation: ActivationFunction) => activation !== "LINEAR" && activation.toLowerCase();

function factsOf(layer: Layer, kind: string, input: number[]): Omit<LayerFacts, "name" | "kind" | "input"> {
  const plain = { output: input, parameters: 0, activation: "LINEAR" as ActivationFunction, detail: "" };
  const channels = input.at(-1)!;
  if (layer.conv2d) {
    const conv = layer.conv2d;
    const { window, size } = windowed(input, pair(conv.kernelSize, [1, 1]), pair(conv.strides, [1, 1]), conv.padding === "SAME");
    const weights = window.height * window.width * channels * conv.filters;
    return { window, output: [...size, conv.filters], parameters: weights + (conv.noBias ? 0 : conv.filters), activation: conv.activation,
      detail: words(`${window.height} × ${window.width}`, window.strideY + window.strideX > 2 && `/${window.strideY}`, active(conv.activation)) };
  }
  const pool = layer.maxPooling2d ?? layer.averagePooling2d;
  if (pool) {
    const size = pair(pool.poolSize, [2, 2]);
    const done = windowed(input, size, pair(pool.strides, size), pool.padding === "SAME");
    return { ...plain, window: done.window, output: [...done.size, channels], detail: `${size[0]} × ${size[1]}` };
  }
  if (layer.dense) {
    const dense = layer.dense;
    return { output: [dense.units], parameters: (channels + (dense.noBias ? 0 : 1)) * dense.units, activation: dense.activation, detail: words(active(dense.activation)) };
  }
  if (kind === "Flatten") return { ...plain, output: [product(input)] };
  if (kind === "GlobalAveragePooling2D") return { ...plain, output: [channels] };
  if (layer.batchNormalization) return { ...plain, parameters: 4 * channels };
  if (layer.dropout) return { ...plain, detail: String(Math.round(layer.dropout.rate * 1000) / 1000) };
  if (layer.activation) return { ...plain, activation: layer.activation.function, detail: words(active(layer.activation.function)) };
  return plain;
}

export function describe(model: Model): LayerFacts[] {
  let shape = [model.input?.height ?? 0, model.input?.width ?? 0, model.input?.channels || 1];
  return model.layers.map((layer) => {
    const kind = KINDS.find(([field]) => layer[field])?.[1] ?? "?";
    const facts = { name: layer.name, kind, input: shape, ...factsOf(layer, kind, shape) };
    shape = facts.output;
    return facts;
  });
}

export const shapeText = (shape: number[]) => shape.join(" × ");
