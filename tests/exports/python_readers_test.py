#!/usr/bin/env python3
"""Reads what Convoy exports with programs that share no code with it.

    python_readers_test.py SAMPLES    where `export_tool write SAMPLES` was called
"""

import sys
import unittest

sys.dont_write_bytecode = True

import numpy
import onnx

import keras_forward
from samples import TOLERANCE, read_samples

SAMPLES = read_samples(sys.argv.pop(1))


class SamplesTest(unittest.TestCase):
    def test_probabilities_tell_images_apart(self):
        """Otherwise a file with wrong weights could pass."""
        for sample in SAMPLES:
            with self.subTest(network=sample.name):
                self.assertTrue(numpy.allclose(sample.expected.sum(axis=1), 1, atol=1e-5))
                self.assertGreater(numpy.ptp(sample.expected, axis=0).max(), 0.01)
        self.assertEqual(len(SAMPLES[0].images), 1000)


class KerasTest(unittest.TestCase):
    def test_numpy_gives_the_same_probabilities(self):
        for sample in SAMPLES:
            with self.subTest(network=sample.name):
                model = keras_forward.Model(sample.folder / "good/model.h5")
                self.assertEqual(model.input_shape, sample.images.shape[1:])
                self.assertLess(sample.difference(model.predict(sample.images)), TOLERANCE)

    def test_digest_of_the_weights_is_that_of_the_run(self):
        for sample in SAMPLES:
            model = keras_forward.Model(sample.folder / "good/model.h5")
            self.assertEqual(model.weights_sha256(), sample.weights_sha256)

    def test_wrong_orders_are_found(self):
        found = 0
        for sample in SAMPLES:
            for mutant in sample.mutants:
                with self.subTest(network=sample.name, mutant=mutant):
                    model = keras_forward.Model(sample.folder / mutant / "model.h5")
                    self.assertGreater(sample.difference(model.predict(sample.images)), 10 * TOLERANCE)
                    found += 1
        self.assertGreater(found, 20)


class OnnxTest(unittest.TestCase):
    def test_checker_accepts_and_infers_the_declared_shapes(self):
        for sample in SAMPLES:
            with self.subTest(network=sample.name):
                model = onnx.load(sample.folder / "good/model.onnx")
                onnx.checker.check_model(model, full_check=True)
                inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
                output = inferred.graph.output[0].type.tensor_type.shape
                self.assertEqual(output.dim[0].dim_param, "N")
                self.assertEqual(output.dim[1].dim_value, sample.expected.shape[1])
                self.assertEqual(len(inferred.graph.value_info), len(model.graph.node) - 1)


if __name__ == "__main__":
    unittest.main()
