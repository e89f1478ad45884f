// How one value of a feature map comes about: the same sums as the network's, in plain numbers.
import type { ActivationFunction, LayerFilters } from "../api/api";
import { weight } from "./filters";
import type { LayerFacts } from "./layers";

// A layer's input: [channels, height, width]; zero around it.
export interface Volume {
  channels: number;
  height: number;
  width: number;
  at: (channel: number, y: number, x: number) => number;
}

export interface Convolved {
  windows: number[][][];   // [channel][y][x] of the input
  kernels: number[][][];   // the filter, likewise
  subtotals: number[];     // of each channel
  sum: number;
  bias: number;
  result: number;          // activation(sum + bias)
}

const grid = (height: number, width: number, value: (y: number, x: number) => number) =>
  Array.from({ length: height }, (_, y) => Array.from({ length: width }, (__, x) => value(y, x)));

const inside = (volume: Volume, channel: number, y: number, x: number) =>
  y < 0 || x < 0 || y >= volume.height || x >= volume.width ? 0 : volume.at(channel, y, x);

export function windowOf(input: Volume, layer: LayerFacts, channel: number, y: number, x: number): number[][] {
  const window = layer.window!;
  return grid(window.height, window.width, (dy, dx) =>
    inside(input, channel, y * window.strideY + dy - window.padTop, x * window.strideX + dx - window.padLeft));
}

export function activate(name: ActivationFunction, value: number): number {
  switch (name) {
    case "RELU": return Math.max(0, value);
    case "SIGMOID": return 1 / (1 + Math.exp(-value));
    case "TANH": return Math.tanh(value);
    default: return value;
  }
}

export function convolve(input: Volume, layer: LayerFacts, filters: LayerFilters, map: number, y: number, x: number): Convolved {
  const channels = Array.from({ length: filters.channels }, (_, channel) => channel);
  const windows = channels.map((channel) => windowOf(input, layer, channel, y, x));
  const kernels = channels.map((channel) => grid(filters.height, filters.width, (dy, dx) => weight(filters, map, dy, dx, channel)));
  const subtotals = channels.map((channel) => windows[channel]!.flat().reduce((sum, value, i) => sum + value * kernels[channel]!.flat()[i]!, 0));
  const sum = subtotals.reduce((all, one) => all + one, 0);
  const bias = filters.biases[map] ?? 0;
  return { windows, kernels, subtotals, sum, bias, result: activate(layer.activation, sum + bias) };
}
