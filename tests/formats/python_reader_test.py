#!/usr/bin/env python3
"""Compares what convoy_file.py reads with what the C++ code says that it wrote.

    python_reader_test.py SAMPLE_WRITER
"""
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

import convoy_file

SAMPLE_WRITER = sys.argv.pop(1)


class PythonReaderTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        subprocess.run([SAMPLE_WRITER, cls.folder.name], check=True)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def read(self, name):
        return pathlib.Path(self.folder.name, name).read_bytes()

    def test_reads_what_was_written(self):
        for stem in ("model", "checkpoint"):
            expected = json.loads(self.read(stem + ".json"))
            self.assertEqual(convoy_file.describe(self.read(stem + ".convoy")), expected)

    def test_weights_hash_is_that_of_the_section(self):
        container = convoy_file.Container(self.read("model.convoy"))
        tensors = convoy_file.read_tensors(container)
        self.assertEqual(len(tensors), 6)
        self.assertEqual(
            convoy_file.weights_sha256(tensors), convoy_file.sha256(container.sections["weights"])
        )

    def test_flipped_bits_are_found(self):
        data = self.read("checkpoint.convoy")
        bits = random.Random(1)
        for _ in range(500):
            bit = bits.randrange(len(data) * 8)
            flipped = bytearray(data)
            flipped[bit // 8] ^= 1 << (bit % 8)
            with self.assertRaises((convoy_file.DamagedError, UnicodeDecodeError), msg=f"bit {bit}"):
                convoy_file.Container(bytes(flipped))


if __name__ == "__main__":
    unittest.main()
