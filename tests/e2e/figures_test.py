#!/usr/bin/env python3
"""Pictures of a really trained network: trainer --figures, convoy figure, report and predict --figure."""
import hashlib
import pathlib
import struct
import sys
import tempfile
import time
import xml.dom.minidom
import zlib

sys.dont_write_bytecode = True

import datasets
import harness
import numpy as np
from harness import Run, USAGE

DATA = ["--data", datasets.directory()]
FIGURES = ("samples", "curves", "confusion", "mistakes", "filters", "feature-maps", "occlusion", "noise",
           "noise-curve")
WITH_DATA = set(FIGURES) - {"curves", "filters"}
FILES = ("samples", "curves", "confusion", "mistakes", "filters-conv1", "filters-conv2", "feature-maps-conv1",
         "feature-maps-pool1", "feature-maps-conv2", "feature-maps-pool2", "occlusion", "noise", "noise-curve")


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def grey_png(pixels):
    """A PNG file's bytes of an array of bytes."""
    height, width = pixels.shape
    rows = b"".join(b"\0" + bytes(row) for row in pixels)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def png_size(content):
    """Width and height, after checking every chunk's checksum and that the pixels unpack."""
    if not content.startswith(b"\x89PNG\r\n\x1a\n"):
        raise AssertionError("no PNG")
    place, packed, size = 8, b"", None
    while place < len(content):
        length, kind = struct.unpack(">I4s", content[place:place + 8])
        body = content[place + 8:place + 8 + length]
        if content[place:place + 12 + length] != chunk(kind, body):
            raise AssertionError(f"chunk {kind} is broken")
        size = struct.unpack(">II", body[:8]) if kind == b"IHDR" else size
        packed += body if kind == b"IDAT" else b""
        place += 12 + length
    if len(zlib.decompress(packed)) < size[0] * size[1]:
        raise AssertionError("pixels are missing")
    return size


def photo():
    """A test image as a person might have it: dark on light, three times as large."""
    images, _ = datasets.head("t10k", 1)
    return grey_png(np.kron(255 - images[0], np.ones((3, 3), np.uint8)))


class FiguresTest(harness.TrainerTest):
    trained = None  # one run for all tests, in the directory `kept`
    kept = None

    def setUp(self):
        super().setUp()
        if FiguresTest.trained is None:
            FiguresTest.kept = tempfile.TemporaryDirectory(prefix="convoy-e2e-run.")
            run = Run(pathlib.Path(FiguresTest.kept.name) / "first")
            FiguresTest.trained = self.train(*DATA, "--train-limit", 800, "--epochs", 2, "--figures", run=run,
                                             env={"LC_ALL": "fr_FR.UTF-8"})
        self.run_dir = FiguresTest.trained.path

    def convoy(self, *arguments, env=None, **where):
        return super().convoy(*arguments, env={"LC_ALL": "C.UTF-8", **(env or {})}, **where)

    def refuse(self, *arguments, words, **where):
        outcome = self.convoy(*arguments, expect=USAGE, **where)
        lines = outcome.err.splitlines()
        self.assertEqual((outcome.out, len(lines)), ("", 1), outcome)
        self.assertTrue(lines[0].startswith("convoy: error: "), outcome)
        for word in words:
            self.assertIn(word, lines[0], outcome)

    def figure(self, name, ending, *flags):
        """Draws a figure and returns the file's bytes."""
        path = self.directory / f"{name}.{ending}"
        data = DATA if name in WITH_DATA else []
        self.convoy("figure", name, self.run_dir, "--output", path, *data, *flags)
        return path.read_bytes()

    def test_trainer_leaves_figures_and_report(self):
        page = (self.run_dir / "report.html").read_text(encoding="utf-8")
        self.assertIn('<html lang="fr">', page)  # the language of the locale
        self.assertIn(self.trained.summary()["weights_sha256"], page)
        self.assertIn("conv1 (Conv2D)", page)
        names = sorted(path.name for path in (self.run_dir / "figures").iterdir())
        self.assertEqual(names, sorted(f"{name}.{ending}" for name in FILES for ending in ("png", "svg")))
        self.assertEqual(page.count('src="data:image/svg+xml;base64,'), len(FILES))
        self.assertEqual(page.count("src="), len(FILES))

    def test_report_is_the_trainers(self):
        files = ["report.html", *(f"figures/{name}.png" for name in FILES)]
        digests = lambda: {name: hashlib.sha256((self.run_dir / name).read_bytes()).hexdigest() for name in files}
        before = digests()
        self.convoy("report", self.run_dir, *DATA, "--lang", "fr")
        self.assertEqual(digests(), before)

    def test_report_in_the_browser(self):
        """A program in the place of xdg-open is given the page; where there is no desktop, nothing is drawn."""
        opened = self.directory / "opened"
        opener = self.directory / "xdg-open"
        opener.write_text(f'#!/bin/sh\nprintf %s "$1" >{opened}.tmp && mv {opened}.tmp {opened}\n')
        opener.chmod(0o755)
        desktop = {"PATH": f"{self.directory}:/usr/bin:/bin", "DISPLAY": ":0"}
        self.convoy("report", self.run_dir, *DATA, "--open", "--lang", "fr", env=desktop)
        deadline = time.monotonic() + harness.TIMEOUT
        while not opened.exists():
            self.assertLess(time.monotonic(), deadline, "nothing was opened")
            time.sleep(0.05)
        self.assertEqual(f"{self.run_dir}/report.html", opened.read_text())
        self.refuse("report", self.run_dir, *DATA, "--open", words=["--open", "no desktop"],
                    env={**desktop, "DISPLAY": "", "WAYLAND_DISPLAY": "", "BROWSER": ""})

    def test_every_figure_in_both_formats_and_languages(self):
        for name in FIGURES:
            with self.subTest(name):
                english = self.figure(name, "png", "--lang", "en")
                width, height = png_size(english)
                self.assertTrue(500 < width < 1200 and 200 < height < 1200, (width, height))
                self.assertEqual(self.figure(name, "png"), english)  # again, by the locale
                self.assertNotEqual(self.figure(name, "png", "--lang", "fr"), english)
                svg = xml.dom.minidom.parseString(self.figure(name, "svg")).documentElement
                self.assertEqual(svg.getAttribute("viewBox"), f"0 0 {width} {height}")

    def test_figures_show_what_is_asked_for(self):
        conv1 = self.figure("feature-maps", "png", "--layer", "conv1")
        self.assertEqual(self.figure("feature-maps", "png"), conv1)
        self.assertEqual(self.figure("feature-maps", "png", "--image", "12"), conv1)
        self.assertNotEqual(self.figure("feature-maps", "png", "--image", "13"), conv1)
        for layer in ("pool2", "flatten", "dense1", "dropout1", "output"):
            self.assertNotEqual(self.figure("feature-maps", "png", "--layer", layer), conv1)
        self.assertNotEqual(self.figure("filters", "png"), self.figure("filters", "png", "--layer", "conv2"))
        self.assertNotEqual(self.figure("noise", "png"), self.figure("noise", "png", "--level", "0.5"))
        self.assertNotEqual(self.figure("mistakes", "png"), self.figure("mistakes", "png", "--count", "3"))
        self.assertNotEqual(self.figure("confusion", "png"), self.figure("confusion", "png", "--by-row"))
        for name in ("filters", "feature-maps"):
            one, another = (self.figure(name, "png", "--layer", "conv2", "--filter", n) for n in ("1", "64"))
            self.assertNotEqual(one, another)
        for count, width in (("5", 1000), ("20", 1000)):  # rows of five
            self.assertLess(png_size(self.figure("noise", "png", "--count", count))[0], width)

    def test_svg_files_have_their_title(self):
        for name, word in (("curves", "Accuracy"), ("confusion", "mistakes"), ("filters", "conv1")):
            svg = xml.dom.minidom.parseString(self.figure(name, "svg")).documentElement
            self.assertEqual("img", svg.getAttribute("role"))
            self.assertIn(word, svg.getElementsByTagName("title")[0].firstChild.data)

    def test_filters_that_are_not_there(self):
        self.refuse("figure", "filters", self.run_dir, "--layer", "conv1", "--filter", "33", words=["filter", "1 to 32"])
        self.refuse("figure", "feature-maps", self.run_dir, *DATA, "--layer", "dense1", "--filter", "1",
                    words=["filter", "no maps"])
        self.refuse("figure", "curves", self.run_dir, "--filter", "1", words=["--filter", "no use"])
        self.refuse("figure", "filters", self.run_dir, "--by-row", words=["--by-row", "no use"])

    def test_the_page_tells_what_to_see(self):
        page = (self.run_dir / "report.html").read_text(encoding="utf-8")
        self.assertEqual(page.count('class="hint"'), 9)
        self.assertNotIn('alt="samples"', page)
        self.assertIn("prefers-color-scheme: dark", page)
        self.assertIn("@media print", page)
        self.assertIn('<th scope="row">', page)
        self.assertNotEqual(self.figure("noise-curve", "png"),
                            self.figure("noise-curve", "png", "--compare", self.run_dir))

    def test_ones_own_picture(self):
        path = self.directory / "photo.png"
        path.write_bytes(photo())
        self.assertNotEqual(self.figure("feature-maps", "png", "--image", path), self.figure("feature-maps", "png"))
        drawn = self.directory / "prediction.png"
        self.convoy("predict", path, "--model", self.run_dir, "--figure", drawn)
        self.assertGreater(png_size(drawn.read_bytes())[0], 500)
        self.refuse("predict", path, path, "--model", self.run_dir, "--figure", drawn, words=["--figure", "one"])
        self.refuse("predict", path, "--model", self.run_dir, "--figure", "a.gif", words=["--figure", ".png or .svg"])

    def test_curve_of_convoy_noise(self):
        drawn = self.directory / "noise.svg"
        self.convoy("noise", self.run_dir, *DATA, "--levels", "0.5,0", "--figure", drawn)
        self.assertIn("<svg", drawn.read_text(encoding="utf-8"))
        self.refuse("noise", self.run_dir, *DATA, "--figure", "noise", words=["--figure", ".png or .svg"])

    def test_wrong_usage(self):
        figure = ["figure", "filters", self.run_dir]
        self.refuse(*figure, "--layer", "conv3", words=["'conv3'", "conv1, conv2", "did you mean"])
        self.refuse(*figure, "--layer", "dense1", words=["'dense1'", "conv1, conv2"])
        self.refuse("figure", "feature-maps", self.run_dir, *DATA, "--layer", "é\n", words=["conv1, pool1, conv2"])
        self.refuse("figure", "curve", self.run_dir, words=["'curve'", "did you mean 'curves'"])
        self.refuse("figure", "curves", self.run_dir, "--layer", "conv1", words=["--layer", "no use"])
        self.refuse(*figure, "--output", "picture.jpg", words=["--output", ".png or .svg"])
        self.refuse(*figure, "--output", self.directory / "no" / "a.png", words=["--output"])
        self.refuse("figure", "feature-maps", self.run_dir, *DATA, "--image", "320", words=["0 to 319"])
        self.refuse("figure", "feature-maps", self.run_dir, *DATA, "--image", "no.png", words=["--image", "no.png"])
        self.refuse("figure", "confusion", self.run_dir, words=["--data", "not trained on digits that are drawn"])
        self.refuse("report", self.directory, words=["it has no summary.json"])
        self.refuse("report", self.run_dir, "--data", datasets.directory(400), words=["other images"])


if __name__ == "__main__":
    harness.main()
