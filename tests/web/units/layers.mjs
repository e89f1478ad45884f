// Shapes and parameters of layers as Keras 2.15's model.summary() has them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { describe } from "../../../web/src/network/layers";

const conv = { filters: 0, kernelSize: [], strides: [], padding: "VALID", activation: "LINEAR", noBias: false };
const network = (input, ...layers) => describe({ name: "", input, layers: layers.map(([kind, fields], i) => ({ name: `layer${i}`, [kind]: fields })) });
const facts = (layers) => layers.map(({ kind, output, parameters }) => [kind, output.join("x"), parameters]);

test("a small network of digits", () => {
  assert.deepEqual(facts(network({ height: 28, width: 28, channels: 0 }, ["conv2d", { ...conv, filters: 32, kernelSize: [3], activation: "RELU" }],
    ["maxPooling2d", { poolSize: [], strides: [], padding: "VALID" }], ["dropout", { rate: 0.25 }], ["flatten", {}],
    ["dense", { units: 10, activation: "SOFTMAX", noBias: false }])), [["Conv2D", "26x26x32", 320], ["MaxPooling2D", "13x13x32", 0],
    ["Dropout", "13x13x32", 0], ["Flatten", "5408", 0], ["Dense", "10", 54090]]);
});

test("a network of pictures with all other layers", () => {
  const layers = network({ height: 32, width: 30, channels: 3 }, ["rescaling", { scale: [2], offset: [-1] }], ["zeroPadding2d", { padding: [1, 2, 3, 4] }],
    ["depthwiseConv2d", { ...conv, kernelSize: [3], strides: [2], depthMultiplier: 2 }],
    ["separableConv2d", { ...conv, filters: 8, kernelSize: [3, 5], padding: "SAME", depthMultiplier: 1 }],
    ["batchNormalization", {}], ["groupNormalization", { groups: 4 }], ["activation", { function: "LEAKY_RELU" }], ["add", { from: "layer3" }],
    ["averagePooling2d", { poolSize: [3, 2], strides: [2], padding: "SAME" }], ["globalAveragePooling2d", {}]);
  assert.deepEqual(facts(layers), [["Rescaling", "32x30x3", 0], ["ZeroPadding2D", "35x37x3", 0], ["DepthwiseConv2D", "17x18x6", 60],
    ["SeparableConv2D", "17x18x8", 6 * 15 + 48 + 8], ["BatchNormalization", "17x18x8", 32], ["GroupNormalization", "17x18x8", 16],
    ["Activation", "17x18x8", 0], ["Add", "17x18x8", 0], ["AveragePooling2D", "9x9x8", 0], ["GlobalAveragePooling2D", "8", 0]]);
  assert.equal(layers[0].detail, "× 2 − 1");
  assert.deepEqual(layers[1].explained, { by: "padding", top: 1, left: 3 });
  assert.equal(layers[6].detail, "leaky relu");
});

test("paddings of one, two and four numbers", () => {
  const padded = (...padding) => network({ height: 4, width: 6, channels: 1 }, ["zeroPadding2d", { padding }])[0].output.join("x");
  assert.deepEqual([padded(), padded(2), padded(1, 3), padded(0, 1, 2, 0)], ["6x8x1", "8x10x1", "6x12x1", "5x8x1"]);
});
