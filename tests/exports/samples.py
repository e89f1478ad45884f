"""What `export_tool write` left: networks with images and the probabilities that Convoy computed."""

import json
import pathlib

import numpy

TOLERANCE = 1e-5


class Sample:
    """One network's folder, by its line of the manifest."""

    def __init__(self, folder, line):
        self.folder = folder / line["name"]
        self.name = line["name"]
        self.mutants = line["mutants"]
        self.weights_sha256 = line["weights_sha256"]
        shape = (line["images"], line["height"], line["width"], line["channels"])
        self.images = numpy.fromfile(self.folder / "images.u8", numpy.uint8).reshape(shape) / 255
        self.expected = numpy.fromfile(self.folder / "expected.f64").reshape(line["images"], line["classes"])

    def difference(self, probabilities):
        """Returns by how much a probability differs at most; infinite if shapes differ or one is NaN."""
        if probabilities.shape != self.expected.shape:
            return numpy.inf
        worst = numpy.abs(probabilities - self.expected).max()
        return worst if worst == worst else numpy.inf


def read_samples(folder):
    folder = pathlib.Path(folder)
    return [Sample(folder, line) for line in json.loads((folder / "manifest.json").read_text())]
