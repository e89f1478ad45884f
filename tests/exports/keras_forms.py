"""Keras's model files in the many forms in which they are found, made by h5py and zipfile alone after the layouts of
docs/exports.md: versions 2.0 to 3.13, Sequential and Functional, .h5 and .keras. Each with its own numbers, so that a
forward pass that knows no file (keras_layers.FORWARD) says what the model answers."""

import io
import json
import re
import zipfile

import h5py
import numpy

import keras_forward
import keras_layers

SIDE = 6
NULL = {"registered_name": None}


class Layer:
    """A layer of the original model: what its file says and its weights, in Keras's order."""

    def __init__(self, class_name, name, arrays=None, **config):
        self.class_name, self.name, self.arrays = class_name, name, arrays or {}
        self.config = {"name": name, "trainable": True, "dtype": "float32", **config}


class Form:
    """A model in one form. `layers` are in the order of the forward pass; `write(path)` writes the file; `values(x)`
    is what the model was meant to be given for x in [0, 1]; `exact` says that the weights' bits stay."""

    def __init__(self, name, layers, write, *, ending=".h5", values=lambda x: x, flat=False, exact=True, notes=()):
        self.name, self.layers, self.write, self.ending = name, layers, write, ending
        self.values, self.flat, self.exact, self.notes = values, flat, exact, notes

    def predict(self, images):
        """Returns the probabilities [N, classes] for images [N, 6, 6, 1] in [0, 1]."""
        x = self.values(images.astype(numpy.float64))
        if self.flat:
            x = x.reshape(len(x), -1)
        for layer in self.layers:
            arrays = [a.astype(numpy.float64) for a in layer.arrays.values()]
            x = keras_layers.FORWARD[layer.class_name](x, layer.config, arrays)
        return x if numpy.allclose(x.sum(1), 1) and (x >= 0).all() else keras_forward.activate(x, "softmax")

    def weights(self):
        return [array for layer in self.layers for array in layer.arrays.values()]


class Maker:
    """Layers with weights of one seed."""

    def __init__(self, seed):
        self.random = numpy.random.RandomState(seed)

    def array(self, *shape):
        return (self.random.standard_normal(shape) / 2).astype(numpy.float32)

    def conv(self, name, channels=1, filters=3, padding="same", **config):
        fields = {"kernel_size": [3, 2], "strides": [1, 1], "padding": padding, "activation": "relu", "groups": 1,
                  "data_format": "channels_last", "dilation_rate": [1, 1], "use_bias": True, "filters": filters}
        return Layer("Conv2D", name, {"kernel": self.array(3, 2, channels, filters), "bias": self.array(filters)},
                     **{**fields, **config})

    def separable(self, name, channels, filters=5, depth_multiplier=2, use_bias=True, **config):
        arrays = {"depthwise_kernel": self.array(3, 3, channels, depth_multiplier),
                  "pointwise_kernel": self.array(1, 1, channels * depth_multiplier, filters)}
        arrays = {**arrays, "bias": self.array(filters)} if use_bias else arrays
        return Layer("SeparableConv2D", name, arrays, **{
            "kernel_size": [3, 3], "strides": [1, 1], "padding": "same", "data_format": "channels_last",
            "dilation_rate": [1, 1], "depth_multiplier": depth_multiplier, "filters": filters, "use_bias": use_bias,
            "activation": "relu", "groups": 1, **config})

    def dense(self, name, inputs, units=4, activation="softmax"):
        return Layer("Dense", name, {"kernel": self.array(inputs, units), "bias": self.array(units)}, units=units,
                     activation=activation, use_bias=True)

    def norm(self, name, channels, scale=True, center=True):
        arrays = {"gamma": self.array(channels), "beta": self.array(channels), "moving_mean": self.array(channels),
                  "moving_variance": numpy.abs(self.array(channels)) + numpy.float32(0.5)}
        arrays = {key: value for key, value in arrays.items()
                  if (scale or key != "gamma") and (center or key != "beta")}
        return Layer("BatchNormalization", name, arrays, axis=[3], momentum=0.99, epsilon=0.001, scale=scale,
                     center=center)

    def chain(self, *, conv=None, end=None, middle=(), activation="softmax"):
        """conv, what is in the middle, pool, flatten, dropout, dense."""
        return [conv or self.conv("conv2d"), *middle,
                Layer("MaxPooling2D", "max_pooling2d", pool_size=[2, 2], strides=[2, 2], padding="valid",
                      data_format="channels_last"),
                Layer("Flatten", "flatten", data_format="channels_last"),
                Layer("Dropout", "dropout", rate=0.25, noise_shape=None, seed=None),
                end or self.dense("dense", 27, activation=activation)]


def input_layer(shape, key="batch_input_shape", name="conv2d_input"):
    return Layer("InputLayer", name, **{key: [None, *shape], "sparse": False})


def entry(layer, keras3):
    """The layer's part of the model's description."""
    if not keras3:
        return {"class_name": layer.class_name, "config": layer.config}
    policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, **NULL}
    return {"module": "keras.layers", "class_name": layer.class_name, "config": {**layer.config, "dtype": policy},
            **NULL}


def sequential(layers, keras3=False, **config):
    listed = [layer if isinstance(layer, dict) else entry(layer, keras3) for layer in layers]
    model = {"class_name": "Sequential", "config": {"name": "sequential", "layers": listed, **config}}
    return {"module": "keras", **NULL, **model} if keras3 else model


def functional(layers, keras3=False, class_name="Functional", shape=(SIDE, SIDE, 1)):
    """A chain as the Functional API writes it; the list is turned round, for its order says nothing."""
    first = input_layer(shape, "batch_shape" if keras3 else "batch_input_shape", "input_1")
    listed, before = [], None
    for layer in [first, *layers]:
        nodes = []
        if before and keras3:
            tensor = {"class_name": "__keras_tensor__", "config": {"shape": [None, 2], "dtype": "float32",
                                                                   "keras_history": [before, 0, 0]}}
            nodes = [{"args": [tensor], "kwargs": {"training": False}}]
        elif before:
            nodes = [[[before, 0, 0, {}]]]
        listed.append({**entry(layer, keras3), "name": layer.name, "inbound_nodes": nodes})
        before = layer.name
    ends = (lambda name: [name, 0, 0]) if keras3 else (lambda name: [[name, 0, 0]])
    return {"class_name": class_name, "config": {"name": "model", "layers": listed[::-1],
                                                 "input_layers": ends("input_1"), "output_layers": ends(before)}}


def remade(layer, arrays, config):
    config = {key: value for key, value in config.items() if key != "name"}
    return Layer(layer.class_name, layer.name, arrays, **config)


def channels_first(layers, image=(3, 3, 3), flatten=None):
    """The same layers as a model has them whose images have their channels first. `image` is what Flatten takes as
    [height, width, channels]; told to, it brings the channels to the end."""
    turned, flat = [], False
    for layer in layers:
        config, arrays = dict(layer.config), dict(layer.arrays)
        flat = flat or layer.class_name == "Flatten"
        if "data_format" in config:
            config["data_format"] = "channels_first"
        if "axis" in config:
            config["axis"] = [1]
        if layer.class_name == "Flatten":
            config = {**config, "data_format": flatten} if flatten else {}
        if flat and flatten != "channels_first":
            for name, array in arrays.items():
                if array.shape[0] == numpy.prod(image):
                    parts = array.reshape(*image, -1).transpose(2, 0, 1, 3)
                    arrays[name] = numpy.ascontiguousarray(parts.reshape(array.shape))
        turned.append(remade(layer, arrays, config))
    return turned


def kernels_as(layers, change):
    """The same layers with `change` done to the kernels of convolutions."""
    return [remade(layer, {name: change(array) if array.ndim == 4 else array for name, array in layer.arrays.items()},
                   layer.config) for layer in layers]


def write_h5(path, config, groups, version="2.15.0", style="{layer}/{name}:0", fixed=False, backend="tensorflow"):
    """`groups` is {group: [Layer]}: a layer of its own, or a model with several."""
    as_list = (lambda names: numpy.array(names, dtype="S")) if fixed else (lambda names: names)
    with h5py.File(path, "w") as file:
        root = file
        if config is not None:
            file.attrs["model_config"] = json.dumps(config).encode()
            if version:
                file.attrs["keras_version"], file.attrs["backend"] = version, backend
            root = file.create_group("model_weights")
        root.attrs["layer_names"] = as_list([name.encode() for name in groups])
        if version:
            root.attrs["backend"], root.attrs["keras_version"] = backend.encode(), version.encode()
        for name, layers in groups.items():
            group = root.create_group(name)
            listed = []
            for layer in layers:
                for variable, array in layer.arrays.items():
                    listed.append(style.format(layer=layer.name, name=variable))
                    group.create_dataset(listed[-1], data=array)
            group.attrs["weight_names"] = as_list([item.encode() for item in listed]) if listed else []


def own_groups(layers):
    return {layer.name: [layer] for layer in layers}


def snake_case(name):
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def weights_h5(layers, container="layers", separator="/", inside=()):
    """model.weights.h5; `inside` is the path of models around the layers."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        counts = {}
        for layer in layers:
            kind = snake_case(layer.class_name)
            number = counts[kind] = counts.get(kind, -1) + 1
            path = separator.join(part for name in (*inside, f"{kind}_{number}" if number else kind)
                                  for part in (container, name))
            group = file.create_group(path + "/vars")
            for index, array in enumerate(layer.arrays.values()):
                group.create_dataset(str(index), data=array)
        file.create_group("optimizer/vars").create_dataset("0", data=numpy.int64(375))
    return buffer.getvalue()


def write_keras(path, config, weights, compression=zipfile.ZIP_STORED, compiled=True):
    if compiled:
        config = {**config, "compile_config": {"loss": "sparse_categorical_crossentropy", "optimizer": {
            "module": "keras.optimizers", "class_name": "Adam", "config": {"name": "adam", "learning_rate": 0.004},
            **NULL}}}
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.9.2", "date_saved": "2025-01-01@10:00:00"}))
        archive.writestr("config.json", json.dumps(config))
        with archive.open("model.weights.h5", "w", force_zip64=True) as file:
            file.write(weights)


def write_keras_1(path, layers, order="tf", version="1.2.2", **more):
    """The same network as Keras 1.2 wrote it in 2016, with `more` in its first layer's settings."""
    image = [SIDE, SIDE, 1]
    if order == "th":
        layers = kernels_as(channels_first(layers), lambda kernel: kernel.transpose(3, 2, 0, 1))
        image = [1, SIDE, SIDE]
    names = {"filters": "nb_filter", "strides": "subsample", "padding": "border_mode", "data_format": "dim_ordering",
             "use_bias": "bias", "units": "output_dim", "rate": "p"}
    arrays = {"kernel": "W", "bias": "b", "moving_mean": "running_mean", "moving_variance": "running_std"}
    listed, renamed = [], []
    for layer in layers:
        config = {names.get(key, key): value for key, value in layer.config.items()
                  if key not in ("dtype", "kernel_size", "groups", "dilation_rate", "noise_shape", "seed")}
        if layer.class_name == "MaxPooling2D":  # whose strides kept their name
            config["strides"] = config.pop("subsample")
        if "dim_ordering" in config:
            config["dim_ordering"] = order
        if layer.class_name == "Conv2D":
            config.update(zip(("nb_row", "nb_col"), layer.config["kernel_size"]))
            config["W_regularizer"] = {"name": "WeightRegularizer", "l1": 0.0, "l2": 0.0005}
        if layer.class_name == "BatchNormalization":
            config.update({"mode": 0, "axis": 1 if order == "th" else -1})
        if layer is layers[0]:
            config.update({"batch_input_shape": [None, *image], "input_dtype": "float32", **more})
        listed.append({"class_name": {"Conv2D": "Convolution2D"}.get(layer.class_name, layer.class_name), "config": config})
        renamed.append(Layer(layer.class_name, layer.name,
                             {arrays.get(key, key): array for key, array in layer.arrays.items()}))
    write_h5(path, {"class_name": "Sequential", "config": listed}, own_groups(renamed), version=version,
             style="{layer}_{name}", fixed=True)


def add_orders(h5, keras):
    """Forms whose weights stand in another order."""
    image, first = (SIDE, SIDE, 1), (1, SIDE, SIDE)
    maker = Maker(60)
    layers = maker.chain(middle=[maker.norm("batch_normalization", 3)])
    for flatten in (None, "channels_last", "channels_first"):
        turned = channels_first(layers, flatten=flatten)
        h5(f"channels_first_flatten_{flatten}", layers, sequential([input_layer(first), *turned]), own_groups(turned),
           version="2.1.6")
    turned = channels_first(layers)
    keras("archived_channels_first", layers, config=sequential([input_layer(first, "batch_shape"), *turned], keras3=True),
          weights=weights_h5(turned))
    maker = Maker(61)
    chain = maker.chain()
    layers = [*chain[:4], maker.norm("batch_normalization", 27), chain[-1]]
    turned = channels_first(layers)
    h5("channels_first_normalized_features", layers, sequential([input_layer(first), *turned]), own_groups(turned))
    layers = [Layer("Reshape", "reshape", target_shape=[6, 6, 1]), *Maker(62).chain()]
    turned = channels_first(layers)
    turned[0].config["target_shape"] = [1, 6, 6]
    h5("channels_first_reshape_of_a_row", layers, sequential([input_layer((36,)), *turned]), own_groups(turned), flat=True)
    layers = Maker(63).chain()
    turned = kernels_as(layers, lambda kernel: kernel[::-1, ::-1].copy())
    h5("theano", layers, sequential([input_layer(image), *turned]), own_groups(turned), version="2.0.8", backend="theano",
       notes=["was trained with Theano"])
    turned = kernels_as(channels_first(layers), lambda kernel: kernel[::-1, ::-1].copy())
    h5("theano_channels_first", layers, sequential([input_layer(first), *turned]), own_groups(turned), version="2.0.8",
       backend="theano", notes=["was trained with Theano"])
    maker = Maker(64)
    conv = maker.conv("conv2d")
    rest = [maker.separable("separable", 3), *maker.chain(end=maker.dense("dense", 45))[1:]]
    turned = kernels_as([conv], lambda kernel: kernel[::-1, ::-1].copy())
    h5("theano_depthwise_kernels_are_not_turned", [conv, *rest], sequential([input_layer(image), *turned, *rest]),
       own_groups([*turned, *rest]), version="2.1.6", backend="theano", notes=["was trained with Theano"])


def add_arithmetic(h5, keras):
    """Forms that compute with more than the layers of every day."""
    image = (SIDE, SIDE, 1)
    for number, axis in enumerate(([-1], 3, None)):
        maker = Maker(270 + number)
        size = () if axis is None else (1,)
        measured = {"mean": maker.array(*size) + numpy.float32(0.4), "variance": numpy.abs(maker.array(*size)),
                    "count": numpy.zeros((), "int64")}
        layers = [Layer("Normalization", "normalization", {k: numpy.asarray(v) for k, v in measured.items()}, axis=axis,
                        invert=False, mean=None, variance=None), *maker.chain()]
        h5(f"normalization_axis_{number}", layers, sequential([input_layer(image), *layers]), exact=False)
        keras(f"archived_normalization_axis_{number}", layers, exact=False)
    maker = Maker(75)
    layers = [Layer("Normalization", "normalization", axis=-1, invert=False, mean=0.1307, variance=0.0949), *maker.chain()]
    h5("normalization_by_numbers", layers, sequential([input_layer(image), *layers]))
    maker = Maker(76)
    layers = maker.chain(conv=maker.conv("conv2d", activation="selu"), middle=[
        Layer("Activation", "activation", activation="selu"), Layer("Identity", "identity")])
    h5("selu", layers, sequential([input_layer(image), *layers]))
    layers = Maker(77).chain(activation="softmax_v2")
    h5("softmax_v2", layers, sequential([input_layer(image), *layers]), version="2.2.4-tf")
    layers = Maker(78).chain()
    config = sequential([input_layer(image), *layers])
    for layer in config["config"]["layers"][1:]:
        layer["config"] = {**layer["config"], "dtype": {"class_name": "Policy", "config": {"name": "mixed_float16"}}}
    h5("mixed_float16", layers, config, notes=["computes in mixed_float16 in Keras"])
    for keras3, class_name in ((False, "TFOpLambda"), (True, "TrueDivide")):
        maker = Maker(79 + keras3)
        layers = [Layer(class_name, "divide", function="math.truediv"), *maker.chain()]
        config = functional(layers, keras3=keras3)
        [layer] = [layer for layer in config["config"]["layers"] if layer["class_name"] == class_name]
        [node] = layer["inbound_nodes"]
        layer["inbound_nodes"] = [{**node, "args": [*node["args"], 255.0], "kwargs": {}}] if keras3 else [
            ["input_1", 0, 0, {"y": 255.0, "name": None}]]
        h5(f"arithmetic_{class_name}", layers, config, values=lambda x: x * 255)


def forms():
    """Returns every form."""
    image = (SIDE, SIDE, 1)
    made = []

    def add(name, layers, write, **more):
        made.append(Form(name, layers, write, **more))

    def h5(name, layers, config, groups=None, **more):
        options = {key: more.pop(key) for key in ("version", "style", "fixed", "backend") if key in more}
        add(name, layers, lambda path: write_h5(path, config, groups or own_groups(layers), **options), **more)

    def keras(name, layers, config=None, weights=None, compression=zipfile.ZIP_STORED, **more):
        config = config or sequential([input_layer(image, "batch_shape"), *layers], keras3=True)
        add(name, layers, lambda path: write_keras(path, config, weights or weights_h5(layers), compression),
            ending=".keras", **more)

    layers = Maker(1).chain(conv=Maker(11).conv("conv2d_1", batch_input_shape=[None, *image]))
    h5("keras_2_0", layers, {"class_name": "Sequential", "config": [entry(l, False) for l in layers]}, version="2.0.4",
       fixed=True)
    layers = Maker(2).chain()
    h5("keras_2_3_build_input_shape", layers, sequential(layers, build_input_shape=[None, *image]), version="2.3.0-tf")
    layers = Maker(3).chain()
    h5("keras_2_15", layers, sequential([input_layer(image), *layers]))
    layers = Maker(4).chain()
    h5("keras_3_paths", layers, sequential([input_layer(image, "batch_shape"), *layers], keras3=True),
       version="3.9.2", style="sequential/{layer}/{name}")
    layers = Maker(31).chain(middle=[Layer("Rescaling", "odd", scale=2.0, offset=0.5)])
    h5("rescaling_in_the_middle", layers, sequential([input_layer(image), *layers]))
    layers = Maker(5).chain(activation="linear")
    h5("logits", layers, sequential([input_layer(image), *layers]), notes=["a softmax is added"])
    layers = Maker(6).chain(activation="relu")
    h5("relu_at_the_end", layers, sequential([input_layer(image), *layers]), notes=["a softmax is added"])
    layers = [*Maker(7).chain(activation="linear"), Layer("Activation", "activation", activation="softmax")]
    h5("activation_layer", layers, sequential([input_layer(image), *layers]))
    maker = Maker(8)
    layers = [maker.dense("dense", 36, 8, "relu"), maker.dense("dense_1", 8)]
    h5("row_of_36", layers, sequential([input_layer((36,)), *layers]), flat=True, notes=["is taken as an image (6, 6, 1)"])
    layers = [Layer("Reshape", "reshape", target_shape=[6, 6, 1]), *Maker(9).chain()]
    h5("reshape_of_a_row", layers, sequential([input_layer((36,)), *layers]), flat=True)
    layers = [Layer("Reshape", "reshape", target_shape=[6, -1, 1]), *Maker(10).chain()]
    h5("reshape_adds_a_channel", layers, sequential([input_layer((6, 6)), *layers]))
    layers = Maker(12).chain()
    h5("functional_keras_2", layers, functional(layers, class_name="Model"))
    layers = Maker(13).chain()
    h5("functional_keras_3", layers, functional(layers, keras3=True), version="3.9.2", style="{layer}/{name}")
    layers = Maker(14).chain()
    inner = sequential([input_layer(image), *layers[:3]])
    inner["config"]["name"] = "features"
    h5("nested", layers, sequential([{**inner, "config": {**inner["config"]}}, *layers[3:]]),
       groups={"features": layers[:3], **own_groups(layers[3:])})
    maker = Maker(15)
    layers = [*maker.chain(conv=maker.conv("conv2d", activation="linear"), middle=[Layer("ReLU", "re_lu")],
                           activation="linear"), Layer("Softmax", "softmax", axis=-1)]
    h5("relu_and_softmax_layers", layers, sequential([input_layer(image), *layers]))
    layers = [Layer("Rescaling", "rescaling", scale=1 / 255, offset=0.0), *Maker(16).chain()]
    keras("rescaling_255", layers, values=lambda x: x * 255)
    maker = Maker(17)
    layers = [Layer("Rescaling", "rescaling", scale=1 / 127.5, offset=-1.0),
              *maker.chain(conv=maker.conv("conv2d", padding="valid"), end=maker.dense("dense", 12))]
    keras("rescaling_127_valid", layers, values=lambda x: x * 255, exact=False)
    layers = [Layer("Rescaling", "rescaling", scale=1 / 127.5, offset=-1.0), *Maker(18).chain()]
    keras("rescaling_127_same", layers, values=lambda x: x * 255, exact=False)
    maker = Maker(19)
    layers = maker.chain(conv=maker.conv("block1/conv 1"))
    h5("names_with_slashes", layers, sequential([input_layer(image), *layers]),
       notes=["is called 'block1_conv_1' here"])
    maker = Maker(20)
    layers = [maker.conv("conv2d", activation="elu"), maker.conv("conv2d_1", 3, activation="leaky_relu"),
              Layer("Flatten", "flatten"), maker.dense("dense", 108)]
    h5("elu_and_leaky_relu", layers, sequential([input_layer(image), *layers]))
    for number, (scale, center) in enumerate([(True, True), (False, True), (True, False), (False, False)]):
        maker = Maker(21 + number)
        layers = maker.chain(middle=[maker.norm("batch_normalization", 3, scale, center)])
        h5(f"normalization_{scale}_{center}", layers, sequential([input_layer(image), *layers]),
           exact=scale and center)
        keras(f"archived_normalization_{scale}_{center}", layers, exact=scale and center)
    layers = [Layer("RandomFlip", "random_flip", mode="horizontal"), *Maker(25).chain(middle=[
        Layer("GaussianNoise", "gaussian_noise", stddev=0.1), Layer("SpatialDropout2D", "spatial", rate=0.5),
        Layer("ActivityRegularization", "regularization", l1=0.1, l2=0.0)])]
    h5("layers_for_training_only", layers, sequential([input_layer(image), *layers]),
       notes=["works in training only and is left out"] * 4)
    for number, config in enumerate(({}, {"use_bias": False}, {"activation": "elu", "strides": [2, 2], "padding": "valid"})):
        maker = Maker(40 + number)
        layers = [maker.conv("conv2d"), maker.separable("separable", 3, **config), Layer(
            "GlobalMaxPooling2D", "global_max", data_format="channels_last", keepdims=False), maker.dense("dense", 5)]
        h5(f"separable_{number}", layers, sequential([input_layer(image), *layers]))
        keras(f"archived_separable_{number}", layers)
    maker = Maker(50)
    layers = maker.chain(conv=maker.conv("convolution2d_1"), middle=[maker.norm("batchnormalization_1", 3)])
    add("keras_1", layers, lambda path: write_keras_1(path, layers_of_keras_1), notes=["was written by Keras 1"])
    layers_of_keras_1 = layers
    add("keras_1_channels_first", layers, lambda path: write_keras_1(path, layers_of_keras_1, order="th"),
        notes=["was written by Keras 1"])
    add("keras_1_without_version", layers, lambda path: write_keras_1(path, layers_of_keras_1, version=None),
        notes=["was written by Keras 1"])
    add_orders(h5, keras)
    add_arithmetic(h5, keras)
    layers = Maker(26).chain()
    keras("archive", layers)
    maker = Maker(27)
    layers = [maker.conv("first"), maker.conv("second", 3), *maker.chain(conv=maker.conv("third", 3))]
    keras("archive_counts_kinds", layers)
    layers = Maker(28).chain()
    keras("archive_of_2_13", layers, weights=weights_h5(layers, "_layer_checkpoint_dependencies"))
    layers = Maker(29).chain()
    keras("archive_of_windows", layers, weights=weights_h5(layers, separator="\\"))
    layers = Maker(30).chain()
    keras("archive_deflated", layers, compression=zipfile.ZIP_DEFLATED)
    layers = Maker(31).chain()
    keras("archive_functional", layers, config=functional(layers, keras3=True))
    layers = Maker(32).chain()
    keras("archive_nested", layers, config=sequential([sequential([input_layer(image), *layers], keras3=True)],
                                                      keras3=True),
          weights=weights_h5(layers, inside=("sequential",)))
    return made
