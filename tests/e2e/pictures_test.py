#!/usr/bin/env python3
"""A person's own pictures in colour, from folders to answers: here and at a coordinator."""
import json
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True

import numpy as np

import coordinators
import harness
import pictures
from harness import CONVOY, DONE, Run, USAGE

FLAGS = ["--model", "cifar10_fast", "--image-size", "16x16", "--epochs", 6, "--batch-size", 16, "--learning-rate", 0.003]


class PicturesTest(harness.TrainerTest):
    trained = None  # one run for all tests, of the pictures `data`
    data = None
    kept = None

    def setUp(self):
        super().setUp()
        if PicturesTest.trained is None:
            PicturesTest.kept = tempfile.TemporaryDirectory(prefix="convoy-e2e-pictures.")
            kept = pathlib.Path(PicturesTest.kept.name)
            PicturesTest.data = pictures.write_folders(kept / "data")
            PicturesTest.trained = self.train("--data", self.data, *FLAGS, run=Run(kept / "screws"))
        self.files = sorted(self.data.glob("test/*/*.png"), key=str)
        self.run_dir = self.trained.path

    def right(self, answers):
        return sum(pathlib.Path(answer["file"]).parent.name == answer["class_name"] for answer in answers)

    def test_the_classes_have_their_names_everywhere(self):
        self.assertEqual(self.json("show", self.run_dir)["class_names"], pictures.CLASSES)
        self.assertEqual(self.trained.summary()["class_names"], pictures.CLASSES)
        evaluated = self.json("evaluate", self.run_dir, "--data", self.data)
        self.assertEqual([row["class_name"] for row in evaluated["classes"]], pictures.CLASSES)
        for command in "confusion", "evaluate":
            shown = self.convoy(command, self.run_dir, "--data", self.data).out
            for name in pictures.CLASSES:
                self.assertIn(name, shown)
        shown = self.convoy("predict", self.files[0], "--model", self.run_dir).out
        self.assertTrue(any(name in shown for name in pictures.CLASSES), shown)

    def test_predictions_of_the_test_pictures_are_the_evaluation(self):
        evaluated = self.json("evaluate", self.run_dir, "--data", self.data)
        self.assertEqual(evaluated["accuracy"], self.trained.summary()["test_accuracy"])
        self.assertTrue(evaluated["trained_with_these_images"])
        self.assertGreater(evaluated["accuracy"], 0.9)
        answers = self.json("predict", *self.files, "--model", self.run_dir)
        self.assertAlmostEqual(self.right(answers) / len(self.files), evaluated["accuracy"], places=6)
        self.assertEqual({answer["preparation"]["summary"] for answer in answers},
                         {"cut to the middle and scaled to 16 x 16, as a whole picture"})

    def test_jpeg_files_are_turned_as_cameras_say(self):
        digits = self.train(*harness.data_flags(), "--batch-size", 32, "--epochs", 3).path
        upright = np.full((160, 120, 3), 230, np.uint8)
        upright[30:44, 30:90] = 30  # a seven
        for row in range(44, 130):
            right = 90 - (row - 44) // 2
            upright[row, right - 14:right] = 30
        files = {}
        for orientation in range(1, 9):
            files[orientation] = self.directory / f"turned-{orientation}.jpg"
            files[orientation].write_bytes(pictures.jpeg(upright, orientation, quality=98))
        answers = self.json("predict", *files.values(), "--model", digits)
        lying = self.directory / "lying.jpg"
        lying.write_bytes(pictures.jpeg(upright.transpose(1, 0, 2), quality=98))
        # One that lies on its side and says nothing of it is not the same picture; it may be too wide for a digit.
        outcome = self.run_trainer("predict", lying, "--model", digits, "--json", program=CONVOY)
        if outcome.code == DONE:
            unturned = json.loads(outcome.out)[0]["probabilities"]
            np.testing.assert_array_less(0.05, np.abs(np.subtract(unturned, answers[0]["probabilities"])).max())
        else:
            self.assertIn("wider than a digit", outcome.err)
        for answer in answers:
            np.testing.assert_allclose(answer["probabilities"], answers[0]["probabilities"], atol=0.02, err_msg=answer["file"])

    def test_other_pictures_are_told_from_those_it_was_trained_with(self):
        others = pictures.write_folders(self.directory / "others", train=2, test=3, width=41)
        evaluated = self.json("evaluate", self.run_dir, "--data", others)
        self.assertFalse(evaluated["trained_with_these_images"])
        self.assertIn("the model was trained on others", self.convoy("evaluate", self.run_dir, "--data", others).out)
        (others / "train" / "red nut").rename(others / "train" / "square nut")
        (others / "test" / "red nut").rename(others / "test" / "square nut")
        outcome = self.convoy("evaluate", self.run_dir, "--data", others, expect=USAGE)
        self.assertEqual(len(outcome.err.splitlines()), 1, outcome)
        self.assertIn("where it has 'red nut' the data have 'square nut'", outcome.err)

    def test_figures_show_colour(self):
        for arguments in (["figure", "feature-maps", self.run_dir, "--image", self.files[0], "--data", self.data],
                          ["figure", "confusion", self.run_dir, "--data", self.data],
                          ["figure", "samples", self.run_dir, "--data", self.data],
                          ["figure", "mistakes", self.run_dir, "--data", self.data, "--count", 1]):
            picture = self.directory / f"{arguments[1]}.svg"
            self.convoy(*arguments, "--output", picture)
            self.assertIn("<svg", picture.read_text()[:200])
        drawn = self.directory / "answer.png"
        self.convoy("predict", self.files[0], "--model", self.run_dir, "--figure", drawn)
        self.assertTrue(drawn.read_bytes().startswith(b"\x89PNG"))

    def test_a_coordinator_answers_the_same(self):
        coordinator = coordinators.Coordinator(self, "--data", self.data).start()
        where = {"CONVOY_COORDINATOR": coordinator.address}
        run = self.train("--data", self.data, *FLAGS, "--coordinator", coordinator.address,
                         run=Run(self.directory / "there"))
        self.assertEqual(run.summary()["weights_sha256"], self.trained.summary()["weights_sha256"])
        coordinator.await_job("jobs/there", lambda job: job.state == job.SUCCEEDED)
        name = "models/there"
        here, there = (self.json(*command, **where) for command in (
            ["evaluate", self.run_dir, "--data", self.data], ["evaluate", name]))
        self.assertEqual(there | {"model": here["model"]}, here)
        here, there = (self.json("predict", *self.files, "--model", model, **where) for model in (self.run_dir, name))
        self.assertEqual(here, there)


if __name__ == "__main__":
    harness.main()
