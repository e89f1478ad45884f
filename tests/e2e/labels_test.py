#!/usr/bin/env python3
"""What people call a run: given when it begins, changed later, shown wherever runs are, here and at a coordinator."""
import sys

sys.dont_write_bytecode = True

import coordinators
import harness
from harness import DONE, Run, USAGE

DATA = harness.data_flags()
RECIPE = ["--model", "lenet5", "--train-limit", 200, "--epochs", 1, *DATA]
NAME = "noyaux larges 実験"


class LabelsTest(harness.TrainerTest):
    def setUp(self):
        super().setUp()
        (self.directory / "runs").mkdir()
        self.run_dir = Run(self.directory / "runs" / "first")

    def labels(self, job):
        return job["display_name"], job["tags"], job["note"]

    def test_given_shown_and_changed(self):
        self.train(*RECIPE, "--name", NAME, "--tag", "lab3", "--tag", "été", run=self.run_dir)
        self.assertEqual(self.labels(self.json("status", "first")), (NAME, ["lab3", "été"], None))
        for command in ("status", "jobs", "models", "note"):
            with self.subTest(command):
                shown = self.convoy(command, *([] if command in ("jobs", "models") else ["first"])).out
                self.assertIn(NAME, shown)
                self.assertIn("lab3, été", shown)
        self.convoy("note", "first", "--note", "too few epochs", "--remove-tag", "été", "--tag", "b", "--tag", "lab3")
        self.assertEqual(self.labels(self.json("note", "first")), (NAME, ["lab3", "b"], "too few epochs"))
        self.assertEqual(self.labels(self.json("models")[0]), (NAME, ["lab3", "b"], "too few epochs"))
        self.convoy("report", "first", *DATA)
        self.assertIn(NAME, (self.run_dir.path / "report.html").read_text(encoding="utf-8"))
        # Who has them, and none else.
        self.train(*RECIPE, "--tag", "b", run=Run(self.directory / "runs" / "second"))
        self.assertEqual([job["name"] for job in self.json("jobs", "--tag", "lab3", "--tag", "b")], ["first"])
        self.assertEqual(len(self.json("jobs", "--tag", "b")), 2)
        self.assertEqual(self.json("jobs", "--tag", "B"), [])
        self.assertIn(NAME, self.convoy("compare", "first", "second").out)
        self.convoy("note", "first", "--name", "", "--note", "")
        self.assertEqual(self.labels(self.json("note", "first")), (None, ["lab3", "b"], None))
        french = self.convoy("note", "first", LANG="fr_FR.UTF-8").out
        self.assertIn("étiquettes", french)

    def test_what_cannot_be_shown_is_refused(self):
        for flags, words in [(["--name", "x" * 101], ("--name", "101")), (["--tag", "a\nb"], ("--tag", "control")),
                             (["--note", "\x1b[31m"], ("--note", "control"))]:
            with self.subTest(flags):
                self.assert_refused(self.run_trainer("--run-dir", self.run_dir.path, *RECIPE, *flags), USAGE, *words)
                self.assertFalse(self.run_dir.path.exists())
        self.train(*RECIPE, run=self.run_dir)
        for flags, word in [(["--name", "x" * 101], "--name"), (["--tag", "a\nb"], "--tag"),
                            (["--remove-tag", "none"], "--remove-tag")]:
            with self.subTest(flags):
                self.assertIn(word, self.convoy("note", "first", *flags, expect=USAGE).err)
        self.assertFalse((self.run_dir.path / "labels.json").exists())
        # One that somebody damaged hides nothing else.
        (self.run_dir.path / "labels.json").write_text('{"display_name": "\\u001b[2J"')
        self.assertEqual(self.json("status", "first")["display_name"], None)
        self.assertIn("labels.json", self.convoy("note", "first", "--name", "x", expect=USAGE).err)

    def test_a_run_that_goes_on_keeps_them(self):
        self.stop(self.run_dir, *RECIPE, "--batch-size", 16, "--name", "a")
        self.convoy("note", "first", "--name", "b")
        outcome = self.run_trainer("--run-dir", self.run_dir.path, *DATA, "--resume", "--name", "a")
        self.assertEqual(outcome.code, DONE, outcome)
        self.assertIn("keeps", outcome.err)
        self.assertEqual(self.json("status", "first")["display_name"], "b")

    def test_a_coordinator_is_told(self):
        coordinator = coordinators.Coordinator(self, *DATA).start()
        here = {"CONVOY_COORDINATOR": "none"}
        there = {"CONVOY_COORDINATOR": coordinator.address}
        hold = self.hold(before_step=3)
        trainer = self.start("--run-dir", self.run_dir.path, *RECIPE, "--batch-size", 16, "--name", "given", "--tag", "t",
                             "--coordinator", coordinator.address, env=hold.env)
        coordinator.await_job("jobs/first", lambda job: job.labels.display_name == "given")
        # What is written into the directory while it trains, its trainer passes on.
        self.convoy("note", self.run_dir.path, "--note", "from here")
        coordinator.await_job("jobs/first", lambda job: job.labels.note == "from here")
        self.convoy("note", "jobs/first", "--name", "from there", **there)
        hold.let_go()
        self.assertEqual(trainer.wait().code, DONE)
        coordinator.await_job("jobs/first", lambda job: job.state == job.SUCCEEDED)
        self.assertEqual(self.labels(self.json("status", "jobs/first", **there)), ("from there", ["t"], "from here"))
        self.assertEqual(self.labels(self.json("models", **there)[0]), ("from there", ["t"], "from here"))
        self.assertEqual(self.labels(self.json("status", self.run_dir.path, **here)), ("given", ["t"], "from here"))
        self.assertEqual(len(self.json("jobs", "--tag", "t", **there)), 1)
        self.assertEqual(self.json("jobs", "--tag", "u", **there), [])
        # Another run of the same name has another there, and its trainer says so.
        outcome = self.run_trainer("--run-dir", self.directory / "other" / "first", *RECIPE, "--coordinator",
                                   coordinator.address)
        self.assertIn("knows this run as first-2", outcome.err)
        coordinator.kill()
        coordinator.start()
        self.assertEqual(self.json("note", "jobs/first", **there)["display_name"], "from there")


if __name__ == "__main__":
    harness.main()
