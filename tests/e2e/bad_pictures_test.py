#!/usr/bin/env python3
"""Folders of pictures that are broken, huge, odd or hostile: one line that names the file, exit code 2, nothing
half-read; and names in any script are names like any other."""
import base64
import os
import pathlib
import signal
import socket
import struct
import sys
import time

sys.dont_write_bytecode = True

import harness
import pictures
from harness import DONE, USAGE

# 24 x 16 pixels, as another program wrote it.
JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxOUlNSMj5aYV"
    "pQYEpRUk//2wBDAQ4ODhMREyYVFSZPNS01T09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT0//wAARCAAQ"
    "ABgDASIAAhEBAxEB/8QAFgABAQEAAAAAAAAAAAAAAAAAAAUG/8QAIhAAAQIEBwEAAAAAAAAAAAAAEQASBhMUQwEEFSQlUWFi/8QAFwEAAwEAAA"
    "AAAAAAAAAAAAAAAgMEBf/EACURAAAEBQIHAAAAAAAAAAAAAAASEzEBAgQRFAUhIjJRYYHB8P/aAAwDAQACEQMRAD8AzarZ6DKxnIMYbJJH14pK"
    "rZ6M6NnHvebwAHz6rtbzE5cdtzN2s/oBTJ3ifwMzEcP6FTbqfPdba0D3HtEiOINdptrIkOuOcR5h0iy6dROCvN90DZym4WH/2Q==")


def jpeg_of_size(height, width):
    """The same file, whose header promises other sizes."""
    at = JPEG.index(b"\xff\xc0") + 5
    return JPEG[:at] + struct.pack(">HH", height, width) + JPEG[at + 4:]


# Root may read everything, unless it gives that right away.
AS_ANYBODY = {} if os.geteuid() != 0 else {
    "program": "/usr/bin/setpriv", "before": ("--bounding-set", "-dac_override,-dac_read_search", harness.TRAINER)}


class BadPicturesTest(harness.TrainerTest):
    def setUp(self):
        super().setUp()
        self.data = self.directory / "data"
        self.runs = 0

    def write(self, name, content=JPEG):
        path = self.data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def two_classes(self, count=6):
        for name in "a", "b":
            for i in range(count):
                self.write(f"{name}/{i}.jpg")

    def start_on_data(self, *flags, before=(), **where):
        self.runs += 1
        self.run_dir = self.directory / f"run{self.runs}"
        return self.start(*before, "--data", self.data, "--model", "cifar10_fast", "--epochs", 1, "--batch-size", 4,
                          "--run-dir", self.run_dir, *flags, **where)

    def run_on_data(self, *flags, **where):
        return self.start_on_data(*flags, **where).wait()

    def stopped_at(self, failpoint):
        """A trainer that stands still there."""
        asked = self.directory / "stop"
        asked.write_text(failpoint)
        process = self.start_on_data(env={"CONVOY_FAILPOINT_STOP": str(asked)})
        deadline = time.monotonic() + harness.TIMEOUT
        while not harness.is_stopped(process.pid):
            self.assertTrue(process.is_running() and time.monotonic() < deadline, f"never came to {failpoint}")
            time.sleep(harness.POLL_SECONDS)
        return process

    def refused(self, *words, flags=(), **where):
        self.check_refused(self.run_on_data(*flags, **where), *words)

    def check_refused(self, outcome, *words):
        self.assertEqual(outcome.code, USAGE, outcome)
        self.assertEqual(len(outcome.err.strip().splitlines()), 1, outcome)
        for word in words:
            self.assertIn(word, outcome.err)
        self.assertFalse(self.run_dir.exists(), "wrong input leaves no run directory")

    def test_broken_pictures_are_named_or_skipped(self):
        for name, content, word in (("short.jpg", JPEG[:300], "Premature end"),
                                    ("header.jpg", JPEG[:20], "header.jpg"),
                                    ("huge.jpg", jpeg_of_size(30000, 30000), "30000"),
                                    ("huge.png", pictures.png_of_size(30000, 30000), "30000"),
                                    ("empty.png", b"", "is empty"),
                                    ("long.jpg", JPEG + bytes(65 << 20), "more than the"),
                                    ("cut.png", pictures.png([[7] * 24] * 16)[:60], "broken PNG"),
                                    ("other.jpg", JPEG.replace(b"\xff\xc0", b"\xff\xc5"), "broken JPEG"),
                                    ("page.jpg", b"<html>not found</html>", "web page"),
                                    ("phone.jpg", b"\0\0\0\x18ftypheic", "HEIC"),
                                    ("lfs.png", b"version https://git-lfs" + b".github.com/spec/v1\n", "Git LFS")):
            with self.subTest(name):
                self.data = self.directory / f"with {name}"
                self.two_classes()
                self.write(f"a/{name}", content)
                self.refused(name, word)
                outcome = self.run_on_data("--skip-bad")
                self.assertEqual(outcome.code, DONE, outcome)
                self.assertIn("1 bad pictures were skipped", outcome.out + outcome.err)

    def test_folders_that_make_no_classes(self):
        for i in range(6):
            self.write(f"only/{i}.jpg")
        self.refused("one class alone, 'only'")
        for i in range(10000):
            self.write(f"class{i:05}/0.jpg", b"")
        self.refused("10001", "1000 classes")

    def test_an_empty_folder_of_a_class_is_not_left_out_silently(self):
        self.two_classes()
        for empty in ("a/within", "notes/within"):
            (self.data / empty).mkdir(parents=True)
        self.assertEqual(self.run_on_data().code, DONE)
        (self.data / "screws").mkdir()
        self.refused(f"{self.data}/screws: is empty", "remove it")

    def test_an_empty_folder_among_the_classes_of_a_part(self):
        for part in ("train", "test"):
            for name in ("nuts", "screws"):
                for i in range(4):
                    self.write(f"{part}/{name}/{i}.jpg")
        (self.data / "val").mkdir()
        self.assertEqual(self.run_on_data().code, DONE)
        (self.data / "train/washers").mkdir()
        self.refused("train/washers: is empty")

    def test_pictures_in_no_folder(self):
        for i in range(6):
            self.write(f"{i}.jpg")
        self.refused(str(self.data), "holds no folder with pictures", "make one a class")

    def test_formats_that_are_not_read_are_not_left_out_silently(self):
        self.two_classes()
        self.write("a/IMG_1.HEIC", b"\0\0\0\x18ftypheic")
        self.refused("a/IMG_1.HEIC", "save it as JPEG")

    def test_pictures_of_several_sizes(self):
        self.two_classes()
        self.write("b/other.png", pictures.png([[7] * 20] * 20))
        self.refused("b/other.png", "has 20 x 20 pixels", "24 x 16", "--image-size")
        self.assertEqual(self.run_on_data("--image-size", "16x16").code, DONE)

    def test_a_link_that_leads_in_a_circle(self):
        self.two_classes()
        os.symlink(self.data, self.data / "a" / "again")
        self.refused("again", "circle")
        (self.data / "a" / "again").unlink()
        os.symlink("self", self.data / "a" / "self")
        self.refused("self", "circle")

    def test_a_misspelt_folder_is_not_searched_for(self):
        home = self.directory / "home"
        home.mkdir()
        os.symlink(home, home / "again")
        self.data = home / "flowres"
        self.refused(str(self.data), "No such file")

    def test_what_is_no_file(self):
        self.two_classes()
        odd = self.data / "a" / "odd.jpg"

        def listen(path):
            with socket.socket(socket.AF_UNIX) as opened:  # the name stays
                opened.bind(str(path))

        for name, make, word in (("pipe", os.mkfifo, "no file"), ("socket", listen, "no file"),
                                 ("device", lambda path: path.symlink_to("/dev/zero"), "no file"),
                                 ("nothing", lambda path: path.symlink_to("gone.jpg"), "No such file"),
                                 ("folder", pathlib.Path.mkdir, "")):
            with self.subTest(name):
                make(odd)
                if word:
                    self.refused("a/odd.jpg", word)
                    odd.unlink()
                else:
                    self.assertEqual(self.run_on_data().code, DONE)

    def test_what_may_not_be_read(self):
        self.two_classes()
        secret = self.write("b/secret.jpg")
        for hidden in secret, secret.parent:
            rights = hidden.stat().st_mode
            hidden.chmod(0)
            self.refused(f"/{hidden.name}", "Permission denied", **AS_ANYBODY)
            hidden.chmod(rights)

    def test_what_changes_meanwhile(self):
        self.two_classes()
        picture = self.data / "b" / "3.jpg"

        def replace_by_pipe():
            picture.unlink()
            os.mkfifo(picture)

        for when, change, word in (("before_read", picture.unlink, "b/3.jpg: was removed"),
                                   ("before_read", lambda: picture.write_bytes(JPEG + b"."), "b/3.jpg: was changed"),
                                   ("before_read", replace_by_pipe, "b/3.jpg: is not a regular file"),
                                   ("after_read", lambda: picture.write_bytes(JPEG[:300]), "b/3.jpg: was changed"),
                                   ("after_read", picture.unlink, "b/3.jpg: was removed")):
            with self.subTest(when=when, word=word):
                picture.unlink(missing_ok=True)
                picture.write_bytes(JPEG)
                process = self.stopped_at(f"{when}:b/3.jpg")
                change()
                process.signal(signal.SIGCONT)
                self.check_refused(process.wait(), word)

    def test_names_in_any_script_and_of_any_bytes(self):
        for name in ("猫", "зелёная гайка", "naïve café", "\u202egnp.exe", "a\nb"):
            for i in range(6):
                self.write(f"{name}/{i}.jpg")
        folder = os.fsencode(self.data) + b"/\xff\xfe"
        os.mkdir(folder)
        for i in range(6):
            pathlib.Path(os.fsdecode(folder), f"{i}.jpg").write_bytes(JPEG)
        outcome = self.run_on_data()
        self.assertEqual(outcome.code, DONE, outcome)
        names = harness.Run(self.run_dir).summary()["class_names"]
        for name in "猫", "зелёная гайка", "naïve café":
            self.assertIn(name, names)
        self.assertEqual(len(names), 6)
        for raw in "\u202e", "\udcff", "a\nb":
            self.assertNotIn(raw, outcome.out + outcome.err + "".join(names))


if __name__ == "__main__":
    harness.main()
