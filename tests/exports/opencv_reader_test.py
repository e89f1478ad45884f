#!/usr/bin/env python3
"""Runs every exported .onnx file in OpenCV, whose images are [N, C, H, W] where they are made by blobFromImage and
whose importer knows fewer forms of an operator than the standard has.

    opencv_reader_test.py SAMPLES    where `export_tool write SAMPLES` was called
"""

import sys
import unittest

sys.dont_write_bytecode = True

try:
    import cv2
except ImportError:
    print("skipped: no OpenCV for Python (apt-get install python3-opencv)")
    sys.exit(77)
import numpy

from samples import TOLERANCE, read_samples

SAMPLES = read_samples(sys.argv.pop(1))


def predict(path, images):
    """Returns the probabilities of images [N, H, W, C] in [0, 1], by the names that docs/exports.md promises."""
    network = cv2.dnn.readNetFromONNX(str(path))
    network.setInput(images.astype(numpy.float32), "input")
    return network.forward("output").astype(numpy.float64)


class OpenCvTest(unittest.TestCase):
    def test_probabilities_are_the_same(self):
        for sample in SAMPLES:
            with self.subTest(network=sample.name):
                self.assertLess(sample.difference(predict(sample.folder / "good/model.onnx", sample.images)), TOLERANCE)

    def test_wrong_orders_are_found(self):
        for sample in SAMPLES:
            for mutant in sample.mutants:
                with self.subTest(network=sample.name, mutant=mutant):
                    probabilities = predict(sample.folder / mutant / "model.onnx", sample.images)
                    self.assertGreater(sample.difference(probabilities), 10 * TOLERANCE)

    def test_snippet_of_the_documentation(self):
        """blobFromImage gives [1, 1, 28, 28]; the file takes [1, 28, 28, 1], which are the same numbers."""
        sample = SAMPLES[0]
        network = cv2.dnn.readNetFromONNX(str(sample.folder / "good/model.onnx"))
        for index in range(10):
            picture = numpy.round(sample.images[index, :, :, 0] * 255).astype(numpy.uint8)
            blob = cv2.dnn.blobFromImage(picture, 1 / 255, (28, 28))
            network.setInput(blob.transpose(0, 2, 3, 1))
            probabilities = network.forward()
            self.assertLess(numpy.abs(probabilities - sample.expected[index]).max(), TOLERANCE)


if __name__ == "__main__":
    unittest.main()
