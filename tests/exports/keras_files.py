"""Makes .h5 files as Keras 2 and 3 lay them out (docs/exports.md), by h5py alone, and others that are
wrong in one way each."""

import json

import h5py
import numpy

INPUT = {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 6, 5, 2], "dtype": "float32",
                                                "sparse": False, "ragged": False, "name": "conv_input"}}
LAYERS = [
    {"class_name": "Conv2D", "config": {
        "name": "conv", "trainable": True, "dtype": "float32", "filters": 3, "kernel_size": [3, 2],
        "strides": [1, 1], "padding": "same", "data_format": "channels_last", "dilation_rate": [1, 1],
        "groups": 1, "activation": "relu", "use_bias": True,
        "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}},
        "bias_initializer": {"class_name": "Zeros", "config": {}}, "kernel_regularizer": None}},
    {"class_name": "MaxPooling2D", "config": {
        "name": "pool", "trainable": True, "dtype": "float32", "pool_size": [2, 2], "padding": "valid",
        "strides": [2, 2], "data_format": "channels_last"}},
    {"class_name": "Flatten", "config": {"name": "flatten", "trainable": True, "dtype": "float32",
                                         "data_format": "channels_last"}},
    {"class_name": "Dropout", "config": {"name": "dropout", "trainable": True, "dtype": "float32", "rate": 0.25,
                                         "noise_shape": None, "seed": None}},
    {"class_name": "Dense", "config": {"name": "output", "trainable": True, "dtype": "float32", "units": 4,
                                       "activation": "softmax", "use_bias": True}},
]
ADAM = {"class_name": "Adam", "config": {"name": "Adam", "learning_rate": 0.004, "decay": 0.0, "beta_1": 0.9,
                                         "beta_2": 0.999, "epsilon": 1e-07, "amsgrad": False}}
SHAPES = {"conv": {"kernel": (3, 2, 2, 3), "bias": (3,)}, "output": {"kernel": (18, 4), "bias": (4,)}}


def weights(seed=1):
    """Returns {layer: {variable: array}}."""
    random = numpy.random.RandomState(seed)
    return {layer: {name: random.standard_normal(shape).astype(numpy.float32) for name, shape in shapes.items()}
            for layer, shapes in SHAPES.items()}


def sequential(layers):
    return {"class_name": "Sequential", "config": {"name": "net", "layers": layers}}


def with_modules(layer):
    """A layer's description as Keras 3 writes it."""
    config = {**layer["config"], "dtype": {"module": "keras", "class_name": "DTypePolicy", "registered_name": None,
                                           "config": {"name": "float32"}}}
    if "batch_input_shape" in config:
        config["batch_shape"] = config.pop("batch_input_shape")
    return {"module": "keras.layers", "class_name": layer["class_name"], "config": config, "registered_name": None,
            "build_config": {"input_shape": [None, 6, 5, 2]}}


KERAS3_ADAM = {"module": "keras.optimizers", "class_name": "Adam", "registered_name": None,
               "config": {"name": "adam", "learning_rate": 0.004000000189989805, "weight_decay": None, "clipnorm": None,
                          "use_ema": False, "ema_momentum": 0.99, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-07,
                          "amsgrad": False, "gradient_accumulation_steps": None, "loss_scale_factor": None}}


def write(path, arrays, *, config=None, optimizer=ADAM, version="2.15.0", style="{layer}/{name}:0", dataset=None,
          fixed=False, extra_weights=None):
    """Writes a file; `dataset(group, name, array)` may store the arrays otherwise, `fixed` stores lists of names as
    h5py 2 did."""
    config = config or sequential([INPUT] + LAYERS)
    as_list = (lambda names: numpy.array(names, dtype="S")) if fixed else (lambda names: names)
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = version
        file.attrs["backend"] = "tensorflow"
        file.attrs["model_config"] = json.dumps(config).encode()
        if optimizer:
            file.attrs["training_config"] = json.dumps({
                "loss": "categorical_crossentropy", "metrics": ["accuracy"], "weighted_metrics": None,
                "loss_weights": None, "optimizer_config": optimizer}).encode()
        groups = file.create_group("model_weights")
        names = [layer["config"]["name"] for layer in LAYERS]
        groups.attrs["layer_names"] = as_list([name.encode() for name in names])
        groups.attrs["backend"] = b"tensorflow"
        groups.attrs["keras_version"] = version.encode()
        for layer in sorted(names):
            group = groups.create_group(layer)
            listed = []
            for name, array in [*arrays.get(layer, {}).items(), *(extra_weights or {}).get(layer, {}).items()]:
                listed.append(style.format(layer=layer, name=name))
                if dataset:
                    dataset(group, listed[-1], array)
                else:
                    group.create_dataset(listed[-1], data=array)
            group.attrs["weight_names"] = as_list([name.encode() for name in listed]) if listed else []
        groups.create_group("top_level_model_weights").attrs["weight_names"] = []
    return path


def write_keras2(path, arrays):
    """tf-keras 2.15 with h5py 3: lists of variable-length text; also the optimizer's state."""
    write(path, arrays)
    with h5py.File(path, "a") as file:
        group = file.create_group("optimizer_weights")
        group.attrs["weight_names"] = [b"iteration:0", b"Adam/m/conv/kernel:0"]
        group.create_dataset("iteration:0", data=numpy.int64(375))
        group.create_dataset("Adam/m/conv/kernel:0", data=arrays["conv"]["kernel"])


def write_old_keras2(path, arrays):
    """Keras 2.2 with h5py 2: no InputLayer, the layers as the whole config, "lr", fixed-length text."""
    layers = json.loads(json.dumps(LAYERS))
    layers[0]["config"]["batch_input_shape"] = [None, 6, 5, 2]
    optimizer = {"class_name": "Adam", "config": {"lr": 0.004, "decay": 0.0}}
    write(path, arrays, config={"class_name": "Sequential", "config": layers}, optimizer=optimizer, version="2.2.2",
          fixed=True)


def write_keras3(path, arrays):
    """Keras 3's legacy format: modules, policies, and weights by their paths in the model. Dropout's generator has a
    state, which early versions listed among the weights."""
    write(path, arrays, config=sequential([with_modules(layer) for layer in [INPUT] + LAYERS]), optimizer=KERAS3_ADAM,
          version="3.9.2", style="net/{layer}/{name}",
          extra_weights={"dropout": {"seed_generator_state": numpy.array([1, 2], numpy.uint32)}})


def write_compressed(path, arrays):
    """Arrays in compressed, checksummed pieces."""
    write(path, arrays, dataset=lambda group, name, array: group.create_dataset(
        name, data=array, chunks=True, compression="gzip", shuffle=True, fletcher32=True))


def write_big_endian(path, arrays):
    write(path, arrays, dataset=lambda group, name, array: group.create_dataset(name, data=array.astype(">f4")))


GOOD = [write_keras2, write_old_keras2, write_keras3, write_compressed, write_big_endian]
