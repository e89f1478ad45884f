#!/usr/bin/env python3
"""Imports Keras's files in all forms of keras_forms.py, exports each again as .h5 and as .keras, and reads those with
programs that share no code with Convoy: the same bits, and the answers of the original.

    keras_forms_test.py EXPORT_TOOL
"""

import io
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
import zipfile

sys.dont_write_bytecode = True

import h5py
import numpy

import keras_archive
import keras_forms
import keras_forward

EXPORT_TOOL = sys.argv.pop(1)
IMAGES = numpy.random.RandomState(7).uniform(size=(20, keras_forms.SIDE, keras_forms.SIDE, 1))


class WithTool(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.convoy = self.folder / "model.convoy"

    def run_tool(self, *arguments):
        return subprocess.run([EXPORT_TOOL, *arguments], capture_output=True, text=True, check=False, timeout=100)

    def succeed(self, *arguments):
        done = self.run_tool(*arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stderr


class FormsTest(WithTool):
    def test_every_form_comes_in_and_goes_out(self):
        self.assertGreater(len(keras_forms.forms()), 25)
        for form in keras_forms.forms():
            with self.subTest(form.name):
                source = self.folder / f"{form.name}{form.ending}"
                form.write(source)
                said = self.succeed("import", source, self.convoy)
                for note in form.notes:
                    self.assertIn(note, said)
                if not form.notes:
                    self.assertEqual(said, "")
                expected = form.predict(IMAGES)
                self.assertGreater(numpy.ptp(expected, axis=0).max(), 0.005, "the images must differ")
                for ending, read in [(".h5", keras_forward.Model), (".keras", keras_archive.Model)]:
                    target = self.folder / f"out{ending}"
                    self.succeed("export", self.convoy, target)
                    model = read(target)
                    self.assertLess(numpy.abs(model.predict(IMAGES) - expected).max(), 1e-5)
                    if form.exact:
                        self.assertEqual([a.tobytes() for a in model.arrays], [a.tobytes() for a in form.weights()])

    def test_our_archive_comes_back_to_the_same_bytes(self):
        for form in keras_forms.forms()[:4]:
            source, first, second = (self.folder / name for name in (f"x{form.ending}", "1.keras", "2.keras"))
            form.write(source)
            self.succeed("import", source, self.convoy)
            self.succeed("export", self.convoy, first)
            self.succeed("import", first, self.convoy)
            self.succeed("export", self.convoy, second)
            self.assertEqual(second.read_bytes(), first.read_bytes())


class RefusedTest(WithTool):
    def refuse(self, path, *parts):
        done = self.run_tool("import", path, self.convoy)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertTrue(done.stderr.startswith(f"{path}: "), done.stderr)
        for part in parts:
            self.assertIn(part, done.stderr)

    def archive(self, change):
        """An archive from which change({name: bytes}) made another."""
        path = self.folder / "model.keras"
        next(form for form in keras_forms.forms() if form.name == "archive").write(path)
        with zipfile.ZipFile(path) as archive:
            entries = {name: archive.read(name) for name in archive.namelist()}
        change(entries)
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in entries.items():
                archive.writestr(name, content)
        return path

    def test_archives_that_are_something_else(self):
        self.refuse(self.archive(lambda e: e.pop("config.json")), "none of Keras")
        self.refuse(self.archive(lambda e: e.pop("model.weights.h5")), "none of Keras")
        self.refuse(self.archive(lambda e: e.update({"config.json": b"[]"})), "config.json: must be a JSON object")
        self.refuse(self.archive(lambda e: e.update({"model.weights.h5": b"abc"})), "is no HDF5 file")
        self.refuse(self.archive(lambda e: e.update({"model.weights.h5": keras_forms.weights_h5([])})),
                    "layer 'conv2d' (Conv2D): has no weights in the file")

    def test_cut_and_changed_archives(self):
        path = self.archive(lambda e: None)
        whole = path.read_bytes()
        for size in range(0, len(whole), len(whole) // 20):
            path.write_bytes(whole[:size])
            self.refuse(path)
        place = whole.index(b"config.json") + 40
        path.write_bytes(whole[:place] + b"\0" + whole[place + 1:])
        self.refuse(path, "config.json: is damaged: its checksum is wrong")

    def test_a_size_that_the_archive_does_not_hold(self):
        """4 GB from a few bytes: refused before memory is taken."""
        path = self.folder / "bomb.keras"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("config.json", b"{}")
            archive.writestr("model.weights.h5", b"\0" * 1000)
        data = bytearray(path.read_bytes())
        central = data.rindex(b"PK\x01\x02")
        first = data.index(b"PK\x01\x02")
        data[first + 24:first + 28] = (15 << 20).to_bytes(4, "little")
        path.write_bytes(data)
        self.refuse(path, "config.json: 15728640 bytes cannot come from")
        self.assertGreater(central, first)

    def test_networks_that_are_no_chain(self):
        layers = keras_forms.Maker(1).chain()
        for change, part in [
            (lambda config: config["layers"][0]["inbound_nodes"][0].append(["conv2d", 0, 0, {}]), "joins 2 inputs"),
            (lambda config: config["layers"][0]["inbound_nodes"].append([["dropout", 0, 0, {}]]), "is used more than once"),
            (lambda config: config["output_layers"].append(["conv2d", 0, 0]), "has 2 outputs"),
            (lambda config: config.update(output_layers=[["flatten", 0, 0]]), "is not on the one way"),
        ]:
            with self.subTest(part):
                model = json.loads(json.dumps(keras_forms.functional(layers)))
                change(model["config"])
                path = self.folder / "model.h5"
                keras_forms.write_h5(path, model, keras_forms.own_groups(layers))
                self.refuse(path, part, "Convoy's networks are chains of layers")

    def test_what_only_keras_1_had(self):
        path = self.folder / "model.h5"
        for change, part in [({"dim_ordering": "th"}, "field 'data_format' must be channels_first, as in other layers"),
                             ({"border_mode": "full"}, "field 'padding' must be valid or same"),
                             ({"mode": 2}, "field 'mode' must be 0")]:
            layers = keras_forms.Maker(1).chain()
            keras_forms.write_keras_1(path, layers, **change)
            self.refuse(path, part)

    def test_other_programs(self):
        folder = self.folder / "saved"
        folder.mkdir()
        (folder / "saved_model.pb").write_bytes(b"")
        self.refuse(folder, "is a SavedModel folder")
        for name, part in [("frozen.pb", "a file of TensorFlow"), ("model.pt", "a file of PyTorch")]:
            (self.folder / name).write_bytes(b"abc")
            self.refuse(self.folder / name, part)


if __name__ == "__main__":
    unittest.main()
