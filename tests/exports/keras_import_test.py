#!/usr/bin/env python3
"""Imports .h5 files that h5py made in the layouts of several versions of Keras, and files that are wrong in one
way each. The imported models are read without any code of Convoy's.

    keras_import_test.py EXPORT_TOOL
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.append(str(pathlib.Path(__file__).parents[1] / "formats"))

import h5py
import numpy

import convoy_file
import keras_files
import keras_forward

EXPORT_TOOL = sys.argv.pop(1)


class ImportTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.h5 = self.folder / "model.h5"
        self.convoy = self.folder / "model.convoy"
        self.arrays = keras_files.weights()

    def run_tool(self, command, source, target):
        return subprocess.run([EXPORT_TOOL, command, source, target], capture_output=True, text=True, check=False,
                              timeout=100)

    def import_file(self):
        """Imports self.h5; returns what was said and the model's sections."""
        done = self.run_tool("import", self.h5, self.convoy)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stderr, convoy_file.Container(self.convoy.read_bytes())

    def refuse(self, *parts):
        """Expects one line of refusal, with all the parts in it, and exit code 2."""
        done = self.run_tool("import", self.h5, self.convoy)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertTrue(done.stderr.startswith(f"{self.h5}: "), done.stderr)
        for part in parts:
            self.assertIn(part, done.stderr)
        self.assertFalse(self.convoy.exists())

    def change(self, path, array):
        """Writes a good file and then stores another array at `path` below model_weights."""
        keras_files.write_keras2(self.h5, self.arrays)
        with h5py.File(self.h5, "a") as file:
            group = file["model_weights"]
            del group[path]
            return group.create_dataset(path, data=array)


class GoodFilesTest(ImportTest):
    def test_every_bit_of_the_weights_arrives(self):
        self.arrays["conv"]["kernel"].view(numpy.uint32)[0, 0, 0, :] = [0x80000000, 1, 0x7FC12345]
        expected = [(f"{layer}/{name}", array.shape, array.tobytes())
                    for layer in ("conv", "output") for name, array in self.arrays[layer].items()]
        for write in keras_files.GOOD:
            with self.subTest(write.__name__):
                write(self.h5, self.arrays)
                said, container = self.import_file()
                self.assertEqual(said, "")
                found = [(name, array.shape, array.tobytes())
                         for name, _, array in convoy_file.read_tensors(container)]
                self.assertEqual(found, expected)

    def test_the_optimizer_arrives(self):
        for write in keras_files.GOOD:
            with self.subTest(write.__name__):
                write(self.h5, self.arrays)
                self.import_file()
                recipe = convoy_file.describe(self.convoy.read_bytes())["recipe_textproto"]
                self.assertIn('name: "adam"', recipe)
                self.assertIn("learning_rate: 0.004", recipe)

    def test_export_of_an_import_is_the_same_network(self):
        images = numpy.random.RandomState(5).uniform(size=(20, 6, 5, 2))
        for write in keras_files.GOOD:
            with self.subTest(write.__name__):
                write(self.h5, self.arrays)
                self.import_file()
                again = self.folder / "again.h5"
                self.assertEqual(self.run_tool("export", self.convoy, again).returncode, 0)
                model = keras_forward.Model(again)
                expected = [array for layer in ("conv", "output") for array in self.arrays[layer].values()]
                self.assertEqual([a.tobytes() for a in model.arrays], [a.tobytes() for a in expected])
                keras_files.write_keras2(self.h5, self.arrays)
                original = keras_forward.Model(self.h5)
                self.assertTrue(numpy.array_equal(model.predict(images), original.predict(images)))
                # And its own export comes back to the same bytes.
                self.convoy.unlink()
                self.assertEqual(self.run_tool("import", again, self.convoy).returncode, 0)
                third = self.folder / "third.h5"
                self.assertEqual(self.run_tool("export", self.convoy, third).returncode, 0)
                self.assertEqual(third.read_bytes(), again.read_bytes())

    def test_what_cannot_be_taken_is_said(self):
        layers = json.loads(json.dumps(keras_files.LAYERS))
        layers[-1]["config"]["kernel_regularizer"] = {"class_name": "L1", "config": {"l1": 0.01}}
        keras_files.write(self.h5, self.arrays, config=keras_files.sequential([keras_files.INPUT] + layers),
                          optimizer={"class_name": "Nadam", "config": {}})
        said, _ = self.import_file()
        self.assertIn("note: layer 'output' (Dense): kernel_regularizer is not imported", said)
        self.assertIn('note: the optimizer "Nadam" is not imported', said)

    def test_file_without_training_settings(self):
        keras_files.write(self.h5, self.arrays, optimizer=None)
        self.assertEqual(self.import_file()[0], "")

    def test_unreadable_training_settings_are_a_note(self):
        keras_files.write_keras2(self.h5, self.arrays)
        with h5py.File(self.h5, "a") as file:
            file.attrs["training_config"] = numpy.arange(3)
        self.assertIn("note: the settings of training are not imported", self.import_file()[0])


class OtherKindsOfFilesTest(ImportTest):
    def test_unsupported_layer(self):
        layers = json.loads(json.dumps(keras_files.LAYERS))
        layers[1] = {"class_name": "LSTM", "config": {"name": "odd", "units": 5}}
        keras_files.write(self.h5, self.arrays, config=keras_files.sequential([keras_files.INPUT] + layers))
        self.refuse("layer 'odd' (LSTM)", "Convoy has no layer 'LSTM'")

    def test_functional_model(self):
        keras_files.write(self.h5, self.arrays, config={"class_name": "Functional", "config": {"layers": []}})
        self.refuse("the model has 0 outputs", "chains")

    def test_weights_only(self):
        keras_files.write_keras2(self.h5, self.arrays)
        with h5py.File(self.h5, "a") as file:
            del file.attrs["model_config"]
        self.refuse("only weights were saved", 'model.save("model.h5")')

    def test_other_types_and_shapes(self):
        for path, array, part in [
            ("conv/conv/kernel:0", numpy.zeros((3, 2, 2, 3)), "is not an array of float32"),
            ("conv/conv/kernel:0", numpy.zeros((3, 2, 2, 3), numpy.float16), "is not an array of float32"),
            ("conv/conv/kernel:0", numpy.zeros((3, 2, 2, 3), numpy.int32), "is not an array of float32"),
            ("conv/conv/kernel:0", numpy.zeros((2, 3, 2, 3), numpy.float32), "has the shape (2, 3, 2, 3)"),
            ("conv/conv/bias:0", numpy.float32(1), "has the shape ()"),
            ("output/output/bias:0", numpy.zeros((4, 1), numpy.float32), "has the shape (4, 1)"),
        ]:
            with self.subTest(path=path, part=part):
                self.change(path, array)
                self.refuse(f"/model_weights/{path}", part)

    def test_structures_that_are_something_else(self):
        def replace(action):
            keras_files.write_keras2(self.h5, self.arrays)
            with h5py.File(self.h5, "a") as file:
                action(file)

        def swap(name, value):
            def action(file):
                del file[name]
                if value is not None:
                    file[name] = value
            return action

        def attribute(name, key, value):
            def action(file):
                file[name].attrs[key] = value
            return action

        for action, part in [
            (swap("model_weights", None), "there is no /model_weights"),
            (swap("model_weights", numpy.zeros(3)), "there is no /model_weights/conv"),
            (swap("model_weights/conv", None), "there is no /model_weights/conv"),
            (swap("model_weights/conv", numpy.zeros(3)), "/model_weights/conv: is no group"),
            (swap("model_weights/conv/conv/kernel:0", None), "there is no /model_weights/conv/conv/kernel:0"),
            (attribute("/", "model_config", 3), "is not text"),
            (attribute("/", "model_config", ["a", "b"]), "is not one text"),
            (attribute("/", "model_config", [["a"]]), "is no list"),
            (attribute("/", "model_config", b"{\xff"), "is not JSON"),
            (attribute("/", "model_config", "[" * 1000000), "is not JSON"),
            (attribute("model_weights/conv", "weight_names", [1.0]), "is not text"),
            (attribute("model_weights/conv", "weight_names", [b"conv/kernel:0"]), "must have 2 weights"),
            (attribute("model_weights/conv", "weight_names", [b"x/kernel:0", b"x/bias:0"]),
             "there is no /model_weights/conv/x"),
            (attribute("model_weights/conv", "weight_names", [b"../../a/kernel:0", b"/a/bias:0"]), "there is no"),
            (attribute("model_weights/conv", "weight_names", [b"\x1b[2J\n/kernel:0", b"x/b:0"]),
             r"there is no /model_weights/conv/\x1b[2J\n"),
            (attribute("model_weights", "layer_names", h5py.Empty("S4")), None),
        ]:
            with self.subTest(part=part):
                replace(action)
                if part is not None:
                    self.refuse(part)
                else:
                    self.import_file()
                    self.convoy.unlink()


class HostileFilesTest(ImportTest):
    def test_links_are_not_followed(self):
        secret = self.folder / "secret.h5"
        with h5py.File(secret, "w") as file:
            file["kernel"] = self.arrays["conv"]["kernel"]
        path = "model_weights/conv/conv/kernel:0"
        for link in [h5py.SoftLink("/elsewhere"), h5py.ExternalLink(str(secret), "/kernel"), h5py.SoftLink(f"/{path}")]:
            with self.subTest(link=link):
                keras_files.write_keras2(self.h5, self.arrays)
                with h5py.File(self.h5, "a") as file:
                    del file[path]
                    file["elsewhere"] = self.arrays["conv"]["kernel"]
                    file[path] = link
                self.refuse("is a link, which is not followed")
        keras_files.write_keras2(self.h5, self.arrays)
        with h5py.File(self.h5, "a") as file:
            file["other"] = file["model_weights"]
            del file["model_weights"]
            file["model_weights"] = h5py.SoftLink("/other")
        self.refuse("/model_weights: is a link")

    def test_hard_links_in_a_circle_do_no_harm(self):
        keras_files.write_keras2(self.h5, self.arrays)
        with h5py.File(self.h5, "a") as file:
            file["model_weights/conv/again"] = file["model_weights"]
        self.import_file()

    def test_values_elsewhere_are_not_read(self):
        keras_files.write_keras2(self.h5, self.arrays)
        outside = self.folder / "secret.bin"
        outside.write_bytes(b"\0" * 200)
        path = "model_weights/conv/conv/kernel:0"
        with h5py.File(self.h5, "a") as file:
            del file[path]
            file.create_dataset(path, shape=(3, 2, 2, 3), dtype="<f4", external=[(str(outside), 0, 144)])
        self.refuse("is stored in another file")
        with h5py.File(self.h5, "a") as file:
            del file[path]
            layout = h5py.VirtualLayout(shape=(3, 2, 2, 3), dtype="<f4")
            layout[:] = h5py.VirtualSource(str(outside), "x", shape=(3, 2, 2, 3))
            file.create_virtual_dataset(path, layout)
        self.refuse("is put together from other arrays")

    def test_values_that_were_never_stored(self):
        keras_files.write_keras2(self.h5, self.arrays)
        path = "model_weights/conv/conv/kernel:0"
        with h5py.File(self.h5, "a") as file:
            del file[path]
            file.create_dataset(path, shape=(3, 2, 2, 3), dtype="<f4", chunks=(1, 1, 1, 1))
        self.refuse("144 bytes cannot come from 0")

    def test_huge_arrays_in_small_files(self):
        """2 TB and 8 GB that are promised and not there."""
        layers = json.loads(json.dumps(keras_files.LAYERS))
        layers.insert(4, {"class_name": "Dense", "config": {"name": "huge", "units": 100000000, "activation": "relu"}})
        shape = (18, 100000000)
        for options in [{"chunks": (18, 1000)}, {"chunks": (18, 1000), "compression": "gzip"}, {}]:
            with self.subTest(options=options):
                config = keras_files.sequential([keras_files.INPUT] + layers)
                keras_files.write(self.h5, self.arrays, config=config)
                with h5py.File(self.h5, "a") as file:
                    group = file["model_weights"].create_group("huge")
                    group.attrs["weight_names"] = [b"huge/kernel:0", b"huge/bias:0"]
                    if options:
                        group.create_dataset("huge/kernel:0", shape=shape, dtype="<f4", **options)
                    else:
                        space = h5py.h5s.create_simple(shape)
                        early = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
                        group.create_group("huge")
                        h5py.h5d.create(group["huge"].id, b"kernel:0", h5py.h5t.IEEE_F32LE, space, early)
                self.refuse("bytes cannot come from")

    def test_unknown_filter(self):
        """One that only a plugin could undo: no plugin is loaded for a file's sake."""
        keras_files.write_keras2(self.h5, self.arrays)
        path = "model_weights/conv/conv/kernel:0"
        with h5py.File(self.h5, "a") as file:
            del file[path]
            options = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            options.set_chunk((3, 2, 2, 3))
            options.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, (3,))
            space = h5py.h5s.create_simple((3, 2, 2, 3))
            dataset = h5py.h5d.create(file["model_weights/conv/conv"].id, b"kernel:0", h5py.h5t.IEEE_F32LE, space,
                                      options)
            dataset.write_direct_chunk((0, 0, 0, 0), b"\0" * 144)
        self.refuse("/model_weights/conv/conv/kernel:0: ")

    def test_what_is_no_regular_file(self):
        done = self.run_tool("import", self.folder, self.convoy)
        self.assertEqual(done.returncode, 2)
        self.assertIn("is not a regular file", done.stderr)


if __name__ == "__main__":
    unittest.main()
