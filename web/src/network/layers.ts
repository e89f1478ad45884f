// A network's layers with the shapes and sizes that follow from its description (proto/convoy/v1/model.proto), as
// common/nn computes them. A kind of layer that the API has and this table has not does not compile.
import type { ActivationFunction, Layer, Model, Padding } from "../api/api";

export interface Window {
  height: number;
  width: number;
  strideY: number;
  strideX: number;
  padTop: number;
  padLeft: number;
}

// What tells how a value of the layer's output comes about.
export type Explained =
  | { by: "sum" }              // of its window times its filter
  | { by: "largest" | "mean" } // of its window
  | { by: "place" }            // the value at the same place of the layer before
  | { by: "padding"; top: number; left: number }
  | { by: "skip"; from: string }
  | { by: "nothing" };

export interface LayerFacts {
  name: string;
  kind: string;      // "Conv2D", ... as Keras calls it
  detail: string;    // "3 × 3, relu"
  input: number[];   // [height, width, channels] or [units]
  output: number[];
  parameters: number;
  activation: ActivationFunction;
  explained: Explained;
  window?: Window;   // of convolutions and pools
}

type Facts = Pick<LayerFacts, "output"> & Partial<LayerFacts>;
type Kind = Exclude<keyof Layer, "name">;

const pair = (list: number[], standard: [number, number]): [number, number] =>
  list.length === 0 ? standard : [list[0]!, list[1] ?? list[0]!];

const product = (shape: number[]) => shape.reduce((all, one) => all * one, 1);
const channelsOf = (shape: number[]) => shape.at(-1)!;

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
const active = (activation: ActivationFunction) => activation !== "LINEAR" && activation.toLowerCase().replace("_", " ");
const rounded = (value: number) => String(Math.round(value * 1000) / 1000);

interface Convolution {
  kernelSize: number[];
  strides: number[];
  padding: Padding;
  activation: ActivationFunction;
  noBias: boolean;
}

// `weights` of a place of the window are all those that the output's `channels` have there.
function convolution(conv: Convolution, input: number[], weights: number, channels: number): Facts {
  const { window, size } = windowed(input, pair(conv.kernelSize, [1, 1]), pair(conv.strides, [1, 1]), conv.padding === "SAME");
  return { window, output: [...size, channels], parameters: window.height * window.width * weights + (conv.noBias ? 0 : channels), activation: conv.activation,
    detail: words(`${window.height} × ${window.width}`, window.strideY + window.strideX > 2 && `/${window.strideY}`, active(conv.activation)) };
}

function pool(layer: { poolSize: number[]; strides: number[]; padding: Padding }, input: number[], by: "largest" | "mean"): Facts {
  const size = pair(layer.poolSize, [2, 2]);
  const done = windowed(input, size, pair(layer.strides, size), layer.padding === "SAME");
  return { window: done.window, output: [...done.size, channelsOf(input)], detail: `${size[0]} × ${size[1]}`, explained: { by } };
}

// [top, bottom, left, right] of one, two or four numbers.
function sides(padding: number[]): [number, number, number, number] {
  if (padding.length === 4) return padding as [number, number, number, number];
  const [vertical, horizontal] = pair(padding, [1, 1]);
  return [vertical, vertical, horizontal, horizontal];
}

const elementwise: Explained = { by: "place" };

const KINDS: { [K in Kind]: [string, (layer: NonNullable<Layer[K]>, input: number[]) => Facts] } = {
  conv2d: ["Conv2D", (conv, input) => ({ ...convolution(conv, input, channelsOf(input) * conv.filters, conv.filters), explained: { by: "sum" } })],
  depthwiseConv2d: ["DepthwiseConv2D", (conv, input) => {
    const channels = channelsOf(input) * (conv.depthMultiplier ?? 1);
    return convolution(conv, input, channels, channels);
  }],
  separableConv2d: ["SeparableConv2D", (conv, input) => {
    const between = channelsOf(input) * (conv.depthMultiplier ?? 1);
    const done = convolution(conv, input, between, conv.filters);
    return { ...done, parameters: done.parameters! + between * conv.filters };
  }],
  maxPooling2d: ["MaxPooling2D", (layer, input) => pool(layer, input, "largest")],
  averagePooling2d: ["AveragePooling2D", (layer, input) => pool(layer, input, "mean")],
  globalAveragePooling2d: ["GlobalAveragePooling2D", (_, input) => ({ output: [channelsOf(input)] })],
  flatten: ["Flatten", (_, input) => ({ output: [product(input)] })],
  dense: ["Dense", (dense, input) => ({ output: [dense.units], parameters: (channelsOf(input) + (dense.noBias ? 0 : 1)) * dense.units,
    activation: dense.activation, detail: words(active(dense.activation)) })],
  dropout: ["Dropout", ({ rate }, input) => ({ output: input, detail: rounded(rate), explained: elementwise })],
  activation: ["Activation", (layer, input) => ({ output: input, activation: layer.function, detail: words(active(layer.function)), explained: elementwise })],
  batchNormalization: ["BatchNormalization", (_, input) => ({ output: input, parameters: 4 * channelsOf(input), explained: elementwise })],
  groupNormalization: ["GroupNormalization", ({ groups }, input) => ({ output: input, parameters: 2 * channelsOf(input), detail: String(groups ?? 32), explained: elementwise })],
  rescaling: ["Rescaling", ({ scale, offset }, input) => ({ output: input, explained: elementwise,
    detail: scale.length > 1 || offset.length > 1 ? "" : `× ${rounded(scale[0] ?? 1)} + ${rounded(offset[0] ?? 0)}`.replace("+ -", "− ") })],
  zeroPadding2d: ["ZeroPadding2D", ({ padding }, input) => {
    const [top, bottom, left, right] = sides(padding);
    return { output: [input[0]! + top + bottom, input[1]! + left + right, channelsOf(input)], detail: [...new Set([top, bottom, left, right])].join(", "),
      explained: { by: "padding", top, left } };
  }],
  add: ["Add", ({ from }, input) => ({ output: input, detail: from, explained: { by: "skip", from } })],
};

function factsOf(layer: Layer, input: number[]): Facts & { kind: string } {
  for (const [field, [kind, facts]] of Object.entries(KINDS) as [Kind, [string, (layer: unknown, input: number[]) => Facts]][]) {
    if (layer[field]) return { kind, ...facts(layer[field], input) };
  }
  return { kind: "?", output: input };
}

export function describe(model: Model): LayerFacts[] {
  let shape = [model.input?.height ?? 0, model.input?.width ?? 0, model.input?.channels || 1];
  return model.layers.map((layer) => {
    const facts: LayerFacts = { name: layer.name, input: shape, detail: "", parameters: 0, activation: "LINEAR", explained: { by: "nothing" }, ...factsOf(layer, shape) };
    shape = facts.output;
    return facts;
  });
}

export const shapeText = (shape: number[]) => shape.join(" × ");
