"""What the layers of keras_forms.py compute, besides those that keras_forward knows."""

import numpy

import keras_forward


def batch_normalization(values, config, arrays):
    arrays = list(arrays)
    gamma = arrays.pop(0) if config["scale"] else 1
    beta = arrays.pop(0) if config["center"] else 0
    mean, variance = arrays
    return (values - mean) / numpy.sqrt(variance + config["epsilon"]) * gamma + beta


def named(layer):
    """The same with the activations that keras_forward does not know by name."""

    def forward(values, config, arrays):
        activation = {"softmax_v2": "softmax"}.get(config.get("activation", "linear"), config.get("activation"))
        config = {**config, "activation": activation}
        if activation not in ("elu", "leaky_relu", "selu"):
            return keras_forward.FORWARD[layer](values, config, arrays)
        values = keras_forward.FORWARD[layer](values, {**config, "activation": "linear"}, arrays)
        if activation == "selu":
            return selu(values)
        return numpy.where(values > 0, values, numpy.expm1(values) if activation == "elu" else 0.2 * values)

    return forward


def selu(values):
    return 1.0507009873554805 * numpy.where(values > 0, values, 1.6732632423543772 * numpy.expm1(values))


def activation(values, config, _):
    return selu(values) if config["activation"] == "selu" else keras_forward.FORWARD["Activation"](values, config, _)


def normalization(values, config, arrays):
    mean, variance = arrays[:2] if arrays else (config["mean"], config["variance"])
    return (values - mean) / numpy.maximum(numpy.sqrt(variance), 1e-7)


def separable(values, config, arrays):
    alone = {**config, "use_bias": False, "activation": "linear"}
    values = keras_forward.FORWARD["DepthwiseConv2D"](values, alone, arrays[:1])
    pointwise = {**config, "kernel_size": [1, 1], "strides": [1, 1], "padding": "valid", "groups": 1}
    return FORWARD["Conv2D"](values, pointwise, arrays[1:])


def same(values, _, __):
    return values


FORWARD = {
    **keras_forward.FORWARD,
    "Activation": activation,
    "BatchNormalization": batch_normalization,
    "Normalization": normalization,
    "TFOpLambda": lambda values, config, _: values / 255,
    "TrueDivide": lambda values, config, _: values / 255,
    "Identity": same,
    "Conv2D": named("Conv2D"),
    "Dense": named("Dense"),
    "Rescaling": lambda values, config, _: values * config["scale"] + config["offset"],
    "ReLU": lambda values, config, _: numpy.maximum(values, 0),
    "Softmax": lambda values, config, _: keras_forward.activate(values, "softmax"),
    "GlobalMaxPooling2D": lambda values, config, _: values.max(axis=(1, 2)),
    "SeparableConv2D": separable,
    "Reshape": lambda values, config, _: values.reshape(len(values), *config["target_shape"]),
    **{idle: same for idle in ("GaussianNoise", "SpatialDropout2D", "RandomFlip", "ActivityRegularization")},
}
