"""Reads .keras archives with zipfile, h5py and numpy alone, after Keras 3's own rules: an opinion on ours that shares
no code with Convoy."""

import io
import json
import re
import zipfile

import h5py

import keras_forward

LAYERS = {"InputLayer", "AveragePooling2D", "BatchNormalization", "Conv2D", "DepthwiseConv2D", "ELU",
          "GlobalAveragePooling2D", "LeakyReLU", "MaxPooling2D", "Flatten", "Dense", "Dropout", "Activation", "Rescaling"}


def check_object(value, module):
    """Keras 3 finds a class by module and name, and refuses an object that does not say its module."""
    assert value["module"] == module, value
    assert value["registered_name"] is None, value
    assert set(value) >= {"class_name", "config"}, value


class Model(keras_forward.Model):
    """`layers` and `arrays` as of keras_forward.Model."""

    def __init__(self, path):
        with zipfile.ZipFile(path) as archive:
            assert archive.namelist() == ["metadata.json", "config.json", "model.weights.h5"], archive.namelist()
            assert archive.testzip() is None
            assert all(entry.compress_type == zipfile.ZIP_STORED for entry in archive.infolist())
            metadata = json.loads(archive.read("metadata.json"))
            assert set(metadata) == {"keras_version", "date_saved"}, metadata
            config = json.loads(archive.read("config.json"))
            weights = h5py.File(io.BytesIO(archive.read("model.weights.h5")), "r")
        check_object(config, "keras")
        assert config["class_name"] == "Sequential"
        self.layers, self.arrays, counts = [], [], {}
        for layer in config["config"]["layers"]:
            check_object(layer, "keras.layers")
            assert layer["class_name"] in LAYERS
            settings = self.settings(layer["config"])
            if layer["class_name"] == "InputLayer":
                self.input_shape = tuple(settings["batch_shape"][1:])
            arrays = self.weights_of(layer["class_name"], weights, counts)
            self.layers.append((layer["class_name"], settings, arrays, []))
            self.arrays += arrays

    @staticmethod
    def settings(config):
        check_object(config["dtype"], "keras")
        assert config["dtype"]["class_name"] == "DTypePolicy" and config["dtype"]["config"] == {"name": "float32"}
        for key, value in config.items():
            if key.endswith("_initializer"):
                check_object(value, "keras.initializers")
            elif key.endswith("_regularizer") and value is not None:
                check_object(value, "keras.regularizers")
        assert "batch_input_shape" not in config and "ragged" not in config
        return {**config, "alpha": config.get("negative_slope", config.get("alpha"))}

    @staticmethod
    def weights_of(class_name, weights, counts):
        """Keras counts the layers of each class from 0, and names the first without its number."""
        name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", class_name)
        name = re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
        number = counts[name] = counts.get(name, -1) + 1
        path = f"layers/{name}_{number}/vars" if number else f"layers/{name}/vars"
        if path not in weights:
            return []
        return [weights[path][str(index)][()] for index in range(len(weights[path]))]
