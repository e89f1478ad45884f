#!/usr/bin/env python3
"""Event files as export_tool writes them, read by code that shares nothing with ours.

    events_test.py EXPORT_TOOL
"""

import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.append(str(pathlib.Path(__file__).parents[1] / "formats"))

from event_files import crc32c, records, values

EXPORT_TOOL = sys.argv.pop(1)


class EventsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        subprocess.run([EXPORT_TOOL, "events", cls.folder], check=True)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def file(self, run):
        (path,) = (self.folder / run).iterdir()
        self.assertTrue(re.fullmatch(r"events\.out\.tfevents\.1700000000\.[^/]+\.\d+\.\d+", path.name), path.name)
        return path

    def test_crc_is_castagnolis(self):
        self.assertEqual(crc32c(b"123456789"), 0xE3069283)

    def test_train_run(self):
        found = values(self.file("train"))
        self.assertEqual([(step, value) for _, step, tag, value in found if tag == "epoch_accuracy"],
                         [(0, 0.5), (1, 0.625), (2, 0.75)])
        self.assertEqual({tag for _, _, tag, _ in found},
                         {"epoch_loss", "epoch_accuracy", "epoch_learning_rate", "confusion_matrix"})
        wall_time, step, _, picture = found[-1]
        self.assertEqual((wall_time, step), (1700000010.0, 2))
        self.assertEqual((picture["height"], picture["width"], picture["colorspace"]), (1, 1, 1))
        self.assertTrue(picture["png"].startswith(b"\x89PNG\r\n\x1a\n"))
        self.assertTrue(picture["png"].endswith(b"IEND\xaeB\x60\x82"))

    def test_validation_run(self):
        self.assertEqual(values(self.file("validation")),
                         [(1700000000.25 + e, e, tag, value) for e in range(3)
                          for tag, value in [("epoch_loss", 0.25), ("epoch_accuracy", 0.0)]])

    def test_reader_finds_every_flipped_bit(self):
        """So that the checksums above prove something."""
        data = self.file("validation").read_bytes()
        for bit in range(0, len(data) * 8, 7):
            flipped = bytearray(data)
            flipped[bit // 8] ^= 1 << (bit % 8)
            with self.assertRaises(ValueError, msg=f"bit {bit}"):
                list(records(bytes(flipped)))


if __name__ == "__main__":
    unittest.main()
