"""Runs Keras's .h5 files with h5py and numpy alone, by the words of Keras's documentation: an opinion on
them that shares no code with Convoy."""

import hashlib
import json

import h5py
import numpy


def text(value):
    """Returns an attribute's text, whichever way it is stored."""
    return value.decode() if isinstance(value, bytes) else str(value)


def names(values):
    return [text(value) for value in values]


class Model:
    """A Sequential model, or a Functional one in order: `layers` is [(class name, config, [array], [source])]."""

    def __init__(self, path):
        with h5py.File(path, "r") as file:
            config = json.loads(text(file.attrs["model_config"]))
            assert config["class_name"] in ("Sequential", "Functional")
            assert text(file.attrs["keras_version"]).startswith("2.")
            assert text(file.attrs["backend"]) == "tensorflow"
            weights = file["model_weights"]
            listed = names(weights.attrs["layer_names"])
            self.arrays = []
            self.layers = []
            for layer in config["config"]["layers"]:
                arrays = []
                if layer["class_name"] == "InputLayer":
                    self.input_shape = tuple(layer["config"]["batch_input_shape"][1:])
                else:
                    name = layer["config"]["name"]
                    assert name == listed.pop(0)
                    arrays = [weights[name][path][()] for path in names(weights[name].attrs["weight_names"])]
                sources = [source[0] for node in layer.get("inbound_nodes", []) for source in node]
                assert all(source[1:] == [0, 0, {}] for node in layer.get("inbound_nodes", []) for source in node)
                self.layers.append((layer["class_name"], layer["config"], arrays, sources))
                self.arrays += arrays
            assert not listed, f"layers that the config lacks: {listed}"

    def weights_sha256(self):
        """The digest of all weights, as summary.json has it."""
        digest = hashlib.sha256()
        for array in self.arrays:
            assert array.dtype == numpy.float32
            digest.update(array.astype("<f4").tobytes())
        return digest.hexdigest()

    def predict(self, images):
        """Returns the probabilities [N, classes] of images [N, height, width, channels] in [0, 1]."""
        values = images.astype(numpy.float64)
        outputs = {}
        for class_name, config, arrays, sources in self.layers:
            given = [outputs[source] for source in sources] or [values]
            values = FORWARD[class_name](*given, config, [a.astype(numpy.float64) for a in arrays])
            outputs[config["name"]] = values
        return values


def windows(values, size, strides, padding, fill):
    """Returns [N, H', W', kh, kw, C]: what each window sees, "same" as TensorFlow pads."""
    if padding == "same":
        pads = []
        for length, window, stride in zip(values.shape[1:3], size, strides):
            total = max((-(-length // stride) - 1) * stride + window - length, 0)
            pads.append((total // 2, total - total // 2))
        values = numpy.pad(values, [(0, 0), *pads, (0, 0)], constant_values=fill)
    view = numpy.lib.stride_tricks.sliding_window_view(values, size, axis=(1, 2))
    return numpy.moveaxis(view[:, :: strides[0], :: strides[1]], 3, 5)


def activate(values, name):
    if name == "relu":
        return numpy.maximum(values, 0)
    if name == "sigmoid":
        return 1 / (1 + numpy.exp(-values))
    if name == "tanh":
        return numpy.tanh(values)
    if name == "softmax":
        exponentials = numpy.exp(values - values.max(axis=-1, keepdims=True))
        return exponentials / exponentials.sum(axis=-1, keepdims=True)
    assert name == "linear", name
    return values


def conv2d(values, config, arrays):
    assert config["data_format"] == "channels_last" and config["dilation_rate"] == [1, 1] and config["groups"] == 1
    patches = windows(values, config["kernel_size"], config["strides"], config["padding"], 0)
    result = numpy.tensordot(patches, arrays[0], axes=([3, 4, 5], [0, 1, 2]))
    return activate(result + (arrays[1] if config["use_bias"] else 0), config["activation"])


def depthwise_conv2d(values, config, arrays):
    assert config["data_format"] == "channels_last" and config["dilation_rate"] == [1, 1]
    patches = windows(values, config["kernel_size"], config["strides"], config["padding"], 0)
    result = numpy.einsum("nyxhwc,hwcm->nyxcm", patches, arrays[0])
    assert arrays[0].shape[3] == config["depth_multiplier"]
    result = result.reshape(*result.shape[:3], -1)
    return activate(result + (arrays[1] if config["use_bias"] else 0), config["activation"])


def zero_padding2d(values, config, _):
    return numpy.pad(values, [(0, 0), *config["padding"], (0, 0)])


def rescaling(values, config, _):
    return values * numpy.array(config["scale"]) + numpy.array(config["offset"])


def group_normalization(values, config, arrays):
    """Over all positions and a group's channels."""
    assert config["axis"] == -1 and config["center"] and config["scale"]
    groups = values.reshape(len(values), -1, config["groups"], values.shape[-1] // config["groups"])
    mean, variance = groups.mean(axis=(1, 3), keepdims=True), groups.var(axis=(1, 3), keepdims=True)
    return ((groups - mean) / numpy.sqrt(variance + config["epsilon"])).reshape(values.shape) * arrays[0] + arrays[1]


def max_pooling2d(values, config, _):
    patches = windows(values, config["pool_size"], config["strides"], config["padding"], -numpy.inf)
    return patches.max(axis=(3, 4))


def average_pooling2d(values, config, _):
    """Padding is not counted."""
    arguments = (config["pool_size"], config["strides"], config["padding"])
    inside = windows(numpy.ones_like(values), *arguments, 0).sum(axis=(3, 4))
    return windows(values, *arguments, 0).sum(axis=(3, 4)) / inside


def batch_normalization(values, config, arrays):
    assert config["axis"] == -1 and config["center"] and config["scale"]
    gamma, beta, mean, variance = arrays
    return (values - mean) / numpy.sqrt(variance + config["epsilon"]) * gamma + beta


def elu(values, config, _):
    return numpy.where(values > 0, values, config["alpha"] * numpy.expm1(numpy.minimum(values, 0)))


def dense(values, config, arrays):
    assert len(arrays) == 1 + config["use_bias"]
    return activate(values @ arrays[0] + (arrays[1] if config["use_bias"] else 0), config["activation"])


FORWARD = {
    "InputLayer": lambda values, config, arrays: values,
    "Add": lambda values, skip, config, arrays: values + skip,
    "AveragePooling2D": average_pooling2d,
    "BatchNormalization": batch_normalization,
    "Conv2D": conv2d,
    "DepthwiseConv2D": depthwise_conv2d,
    "ELU": elu,
    "GroupNormalization": group_normalization,
    "Rescaling": rescaling,
    "ZeroPadding2D": zero_padding2d,
    "GlobalAveragePooling2D": lambda values, config, arrays: values.mean(axis=(1, 2)),
    "LeakyReLU": lambda values, config, arrays: numpy.where(values > 0, values, config["alpha"] * values),
    "MaxPooling2D": max_pooling2d,
    "Flatten": lambda values, config, arrays: values.reshape(len(values), -1),
    "Dense": dense,
    "Dropout": lambda values, config, arrays: values,
    "Activation": lambda values, config, arrays: activate(values, config["activation"]),
}
