#!/usr/bin/env python3
"""Writes the notebook's network, trained by Convoy, as an ONNX file for compare_onnxruntime.sh.

Images are [N, 1, 28, 28] floats from 0 to 1, as ONNX's convolutions want them; the first dense kernel's
rows are brought into that order here, so that nothing has to be transposed when the network runs.

usage: onnx_model.py MODEL.convoy OUTPUT.onnx
"""
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "tests", "formats"))
import convoy_file  # noqa: E402

OPSET = 13


def channels_first_rows(kernel, height, width, channels):
    """A dense kernel's rows from the order height, width, channel into channel, height, width."""
    units = kernel.shape[1]
    return kernel.reshape(height, width, channels, units).transpose(2, 0, 1, 3).reshape(-1, units)


def network(tensors):
    conv1, bias1, conv2, bias2, dense1, bias3, dense2, bias4 = tensors
    weights = {
        "conv1": conv1.transpose(3, 2, 0, 1), "bias1": bias1,
        "conv2": conv2.transpose(3, 2, 0, 1), "bias2": bias2,
        "dense1": channels_first_rows(dense1, 5, 5, 64), "bias3": bias3,
        "dense2": dense2, "bias4": bias4,
    }
    pool = {"kernel_shape": [2, 2], "strides": [2, 2]}
    nodes = [
        helper.make_node("Conv", ["image", "conv1", "bias1"], ["c1"]),
        helper.make_node("Relu", ["c1"], ["r1"]),
        helper.make_node("MaxPool", ["r1"], ["p1"], **pool),
        helper.make_node("Conv", ["p1", "conv2", "bias2"], ["c2"]),
        helper.make_node("Relu", ["c2"], ["r2"]),
        helper.make_node("MaxPool", ["r2"], ["p2"], **pool),
        helper.make_node("Flatten", ["p2"], ["f"]),
        helper.make_node("Gemm", ["f", "dense1", "bias3"], ["d1"]),
        helper.make_node("Relu", ["d1"], ["r3"]),
        helper.make_node("Gemm", ["r3", "dense2", "bias4"], ["d2"]),
        helper.make_node("Softmax", ["d2"], ["probabilities"], axis=1),
    ]
    return helper.make_graph(
        nodes, "notebook",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 1, 28, 28])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", 10])],
        [numpy_helper.from_array(np.ascontiguousarray(array), name)
         for name, array in weights.items()])


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    with open(sys.argv[1], "rb") as file:
        container = convoy_file.Container(file.read())
    tensors = [array for _, _, array in convoy_file.read_tensors(container)]
    model = helper.make_model(network(tensors), opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = 7  # of that opset's time
    onnx.checker.check_model(model)
    onnx.save(model, sys.argv[2])
    return 0


if __name__ == "__main__":
    sys.exit(main())
