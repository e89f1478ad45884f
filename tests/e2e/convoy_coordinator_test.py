#!/usr/bin/env python3
"""convoy and a coordinator: a training followed over the coordinator's death, its model asked, jobs
cancelled and deleted."""
import json
import subprocess
import sys

sys.dont_write_bytecode = True

import grpc

import coordinators
import datasets
import harness
from convoy_test import write_png
from harness import CONVOY, DONE, FAILED, Run, USAGE

DATA = ["--data", datasets.directory()]
EPOCHS = 4
ENDLESS = 1000000
STEPS = 5  # an epoch: 640 images in batches of 128
RECIPE = [*DATA, "--model", "lenet5", "--train-limit", 800]


class ConvoyCoordinatorTest(harness.TrainerTest):
    def setUp(self):
        super().setUp()
        self.coordinator = coordinators.Coordinator(self, *DATA).start()
        # Not where convoy is called: there "first" would mean the directory.
        (self.directory / "runs").mkdir()
        self.run_dir = Run(self.directory / "runs" / "first")

    def begin(self, *arguments, **where):
        return self.start(*arguments, program=CONVOY, env={
            "HOME": str(self.directory), "CONVOY_COORDINATOR": self.coordinator.address}, **where)

    def convoy(self, *arguments, expect=DONE):
        outcome = self.begin(*arguments).wait()
        self.assertEqual(outcome.code, expect, outcome)
        return outcome

    def json(self, *arguments):
        return json.loads(self.convoy(*arguments, "--json").out)

    def begin_training(self, run, epochs, env=None):
        training = self.start("--run-dir", run.path, "--coordinator", self.coordinator.address, *RECIPE,
                              "--epochs", epochs, env=env)
        self.coordinator.await_job(f"jobs/{run.path.name}", lambda job: True)
        return training

    def finish_training(self):
        self.assertEqual(self.begin_training(self.run_dir, 2).wait().code, DONE)
        self.coordinator.await_job("jobs/first", lambda job: job.state == job.SUCCEEDED)

    def test_watch_bridges_the_coordinators_death(self):
        hold = self.hold(before_step=2 * STEPS + 1)
        training = self.begin_training(self.run_dir, EPOCHS, hold.env)
        watch = self.begin("watch", "first")
        watch.await_shown(b"Epoch 2/")
        self.coordinator.kill()
        watch.await_shown(b"trying again", where="err")
        self.coordinator.start()
        hold.let_go()
        self.assertEqual(training.wait().code, DONE)
        outcome = watch.wait()
        self.assertEqual(outcome.code, DONE, outcome)
        self.assertIn("first: succeeded", outcome.out)
        for epoch in range(1, EPOCHS + 1):
            self.assertEqual(outcome.out.count(f"Epoch {epoch}/{EPOCHS} - loss: "), 1, outcome)

    def test_finished_job_is_the_run_directorys(self):
        self.finish_training()
        summary = self.run_dir.summary()
        for arguments in (["status"], ["status", "first"], ["status", "jobs/first"]):
            status = self.json(*arguments)
            self.assertEqual((status["name"], status["state"]), ("first", "succeeded"))
            self.assertEqual((status["step"], status["epoch"], status["progress_percentage"]),
                             (summary["steps"], 2, 100))
            self.assertEqual(status["weights_sha256"], summary["weights_sha256"])
        self.assertEqual(self.convoy("history", "first", "--json").out,
                         (self.run_dir.path / "history.json").read_text())
        self.assertEqual([job["name"] for job in self.json("jobs")], ["first"])
        self.assertIn("first", self.convoy("jobs").out)
        self.assertIn("first: succeeded", self.convoy("watch").out)

    def test_its_model_answers_as_its_file_does(self):
        self.finish_training()
        self.coordinator.await_job("jobs/first", lambda job: job.model)
        summary, file = self.run_dir.summary(), self.run_dir.path / "model.convoy"
        evaluation = self.json("evaluate", "first")
        self.assertEqual((evaluation["accuracy"], evaluation["loss"]),
                         (summary["test_accuracy"], summary["test_loss"]))
        local = self.json("confusion", file, *DATA)
        for key in ("confusion_matrix", "classes"):
            self.assertEqual(evaluation[key], local[key])
        self.assertEqual(self.json("noise", "first", "--levels", "0.5")["levels"],
                         self.json("noise", file, *DATA, "--levels", "0.5")["levels"])
        write_png(self.directory / "digit.png", datasets.head("t10k", 1)[0][0])
        predicted, = self.json("predict", self.directory / "digit.png", "--model", "first")
        self.assertEqual(predicted["probabilities"],
                         self.json("predict", self.directory / "digit.png", "--model", file)[0]["probabilities"])
        self.convoy("download", "first", "--output", "copy.convoy")
        self.assertEqual((self.directory / "copy.convoy").read_bytes(), file.read_bytes())
        self.assertEqual(self.json("show", "first")["weights_sha256"], summary["weights_sha256"])
        self.assertEqual([model["name"] for model in self.json("models")], ["first"])
        refused = self.convoy("evaluate", "first", "--data", self.directory, expect=USAGE)
        self.assertIn("its own images", refused.err)

    def test_figures_of_its_model_are_those_of_its_file(self):
        self.finish_training()
        self.coordinator.await_job("jobs/first", lambda job: job.model)
        drawn = {}
        for source in ("first", self.run_dir.path):
            for figure, flags in [("filters", []), ("confusion", DATA), ("curves", [])]:
                picture = self.directory / "figure.png"
                self.convoy("figure", figure, source, *flags, "--output", picture)
                drawn.setdefault(figure, set()).add(picture.read_bytes())
        self.assertEqual({figure: len(pictures) for figure, pictures in drawn.items()},
                         {"filters": 1, "confusion": 1, "curves": 1})

    def test_cancel_ends_the_watch_and_delete_removes(self):
        training = self.begin_training(self.run_dir, ENDLESS)
        watch = self.begin("watch", "first")
        self.assertIn("first", self.convoy("delete", "first", expect=USAGE).err)
        self.convoy("cancel", "first")
        self.assertEqual(training.wait().code, 76)
        outcome = watch.wait()
        self.assertEqual(outcome.code, FAILED, outcome)
        self.assertIn("job first ended: cancelled", outcome.err)
        self.convoy("delete", "first")
        self.assertEqual(self.json("jobs"), [])
        self.assertTrue(self.run_dir.path.exists())

    def test_unknown_names_are_wrong_usage(self):
        for command in (["status", "none"], ["watch", "none", "--patience", "0"], ["history", "none"],
                        ["evaluate", "none"], ["cancel", "none"], ["delete", "none"], ["download", "none"]):
            with self.subTest(command):
                outcome = self.convoy(*command, expect=USAGE)
                self.assertIn("none", outcome.err)
                self.assertEqual(len(outcome.err.splitlines()), 1, outcome)
        self.assertIn("no jobs yet", self.convoy("status", expect=USAGE).err)
        self.assertIn("no models yet", self.convoy("evaluate", expect=USAGE).err)

    def test_tls_certificates_and_token(self):
        self.coordinator.stop()
        certs, token = self.directory / "certs", self.directory / "token"
        subprocess.run([harness.ROOT / "deploy" / "make-certs.sh", certs, "127.0.0.1"], check=True, capture_output=True)
        token.write_text("open sesame\n")
        authority, key, client = ((certs / name).read_bytes() for name in ("ca.pem", "client.key", "client.pem"))
        self.coordinator = coordinators.Coordinator(
            self, *DATA, "--token-file", token, "--tls-cert", certs / "server.pem", "--tls-key", certs / "server.key",
            "--tls-client-ca", certs / "ca.pem", credentials=grpc.ssl_channel_credentials(authority, key, client))
        self.coordinator.start()
        for flags, words in [([], "give --tls-ca"), (["--tls-ca", certs / "ca.pem"], "no coordinator answers"),
                             (["--tls-ca", certs / "client.pem"], "vouches for")]:
            outcome = self.convoy("jobs", *flags, expect=FAILED)
            self.assertIn(words, outcome.err)
        config = self.directory / ".config" / "convoy" / "config"
        config.parent.mkdir(parents=True)
        config.write_text(f'tls-ca = "{certs}/ca.pem"\ntls-cert = "{certs}/client.pem"\ntls-key = "{certs}/client.key"\n')
        self.assertEqual(self.json("jobs"), [])
        self.assertIn("--token-file", self.convoy("delete", "none", expect=USAGE).err)
        self.assertIn("no job", self.convoy("delete", "none", "--token-file", token, expect=USAGE).err)


if __name__ == "__main__":
    harness.main()
