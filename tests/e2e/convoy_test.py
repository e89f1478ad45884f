#!/usr/bin/env python3
"""convoy on this computer's files: every command on a really trained run, wrong usage, broken files."""
import contextlib
import json
import os
import pathlib
import pty
import socket
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib

sys.dont_write_bytecode = True

import numpy

import datasets
import harness
import pictures
from harness import CONVOY, DONE, FAILED, Run, USAGE

DATA = ["--data", datasets.directory()]
RECIPE = [*DATA, "--model", "lenet5", "--train-limit", 800, "--epochs", 2]
STEPS = 5  # an epoch: 640 images in batches of 128


def write_png(path, pixels, color=False):
    """Writes rows of bytes as a PNG file, grey or with three equal colours."""
    height, width = pixels.shape
    rows = pixels if not color else pixels.repeat(3, axis=1)
    data = b"".join(b"\0" + bytes(row) for row in rows)

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2 if color else 0, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data))
                     + chunk(b"IEND", b""))


class ConvoyTest(harness.TrainerTest):
    trained = None  # one run for all tests, in the directory `kept`
    kept = None

    def setUp(self):
        super().setUp()
        if ConvoyTest.trained is None:
            ConvoyTest.kept = tempfile.TemporaryDirectory(prefix="convoy-e2e-run.")
            ConvoyTest.trained = self.train(*RECIPE, run=Run(pathlib.Path(ConvoyTest.kept.name) / "first"))
        self.run_dir = ConvoyTest.trained.path

    def output(self, *arguments, **where):
        outcome = self.convoy(*arguments, **where)
        self.assertEqual(outcome.err, "", outcome)
        return outcome.out

    def json(self, *arguments, **where):
        return json.loads(self.output(*arguments, "--json", **where))

    def refuse(self, *arguments, words, expect=USAGE, **where):
        outcome = self.convoy(*arguments, expect=expect, **where)
        lines = outcome.err.splitlines()
        self.assertEqual((outcome.out, len(lines)), ("", 1), outcome)
        self.assertTrue(lines[0].startswith("convoy: error: "), outcome)
        for word in words:
            self.assertIn(str(word), lines[0], outcome)

    # Jobs

    def test_status_tells_the_summary(self):
        summary, status = self.trained.summary(), self.json("status", self.run_dir)
        self.assertEqual(status["name"], "first")
        self.assertEqual((status["state"], status["epoch"], status["epochs"]), ("succeeded", 2, 2))
        self.assertEqual((status["step"], status["progress_percentage"]), (summary["steps"], 100))
        self.assertEqual(status["total_steps"], summary["steps"])
        self.assertEqual(status["world_size"], 1)
        self.assertIsNone(status["estimated_remaining_seconds"])
        self.assertEqual(status["metrics"]["test_accuracy"], summary["test_accuracy"])
        self.assertEqual(status["metrics"]["loss"], self.trained.history()["loss"][-1])
        self.assertEqual(status["weights_sha256"], summary["weights_sha256"])
        self.assertRegex(status["update_time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
        text = self.output("status", self.run_dir)
        self.assertIn("first: succeeded\n", text)
        self.assertIn("epoch 2 of 2", text)

    def test_history_is_the_runs_file(self):
        self.assertEqual(self.output("history", self.run_dir, "--json"), (self.run_dir / "history.json").read_text())
        self.assertEqual(len(self.output("history", self.run_dir).splitlines()), 3)

    def test_jobs_and_models_of_a_directory(self):
        broken = self.run_dir.parent / "broken"
        broken.mkdir(exist_ok=True)
        (broken / "summary.json").write_text("{")
        outcome = self.convoy("jobs", self.run_dir.parent, "--json")
        self.assertEqual([job["name"] for job in json.loads(outcome.out)], ["first"])
        self.assertIn("broken/summary.json", outcome.err)
        self.assertIn("first", self.output("models", self.run_dir.parent))
        self.assertEqual(self.json("jobs", self.directory), [])
        model, = self.json("models", "--model", self.run_dir)
        self.assertEqual((model["network"], model["input"], model["classes"]), ("lenet5", [28, 28, 1], 10))

    def test_jobs_of_ones_own(self):
        for name, owner in (("mine", self.json("status", self.run_dir)["owner"]), ("others", "nobody-here@pc")):
            summary = json.loads((self.run_dir / "summary.json").read_text()) | {"owner": owner}
            directory = self.directory / "owners" / name
            directory.mkdir(parents=True)
            (directory / "summary.json").write_text(json.dumps(summary))
        listed = lambda *flags: [job["name"] for job in self.json("jobs", self.directory / "owners", *flags)]
        self.assertEqual(sorted(listed()), ["mine", "others"])
        self.assertEqual(listed("--mine"), ["mine"])
        self.assertEqual(listed("--mine", "--limit", "1"), ["mine"])

    def test_watch_follows_a_training_to_its_end(self):
        run = Run(self.directory / "live")
        hold = self.hold(before_step=STEPS + 1)
        training = self.start("--run-dir", run.path, *RECIPE, env=hold.env)
        self.await_checkpoint(training, run)
        watch = self.start("watch", run.path, program=CONVOY, env={"HOME": str(self.directory)})
        watch.await_shown(b"Epoch 1/2 - loss: ")
        hold.let_go()
        self.assertEqual(training.wait().code, DONE)
        outcome = watch.wait()
        self.assertEqual(outcome.code, DONE, outcome)
        shown = outcome.out
        self.assertIn("live: succeeded, loss ", shown)
        for epoch in (1, 2):
            self.assertEqual(shown.count(f"Epoch {epoch}/2 - loss: "), 1, shown)

    def test_watch_of_what_was_killed_or_stopped_fails(self):
        run = Run(self.directory / "killed")
        training = self.start("--run-dir", run.path, *RECIPE, env=self.hold(before_step=STEPS + 1).env)
        self.await_checkpoint(training, run)
        self.assertEqual(self.json("status", run.path)["state"], "running")
        training.kill_all()
        training.wait()
        self.assertEqual(self.json("status", run.path)["state"], "lost")
        outcome = self.convoy("watch", run.path, "--patience", 0, expect=FAILED)
        self.assertIn("--resume", outcome.err)
        self.refuse("evaluate", run.path, *DATA, words=["has not finished", "checkpoints/step-"])
        run = Run(self.directory / "stopped")
        self.stop(run, *RECIPE, before_step=2)
        self.assertIn("job stopped ended: stopped", self.convoy("watch", run.path, expect=FAILED).err)

    def test_watch_draws_on_a_terminal(self):
        ours, its = pty.openpty()
        process = subprocess.Popen([CONVOY, "watch", self.run_dir], stdin=subprocess.DEVNULL, stdout=its, stderr=its,
                                   env=harness.environment(self.scratch, {"HOME": str(self.directory), "TERM": "xterm"}))
        os.close(its)
        self.assertEqual(process.wait(harness.TIMEOUT), DONE)
        shown = os.read(ours, 1 << 16).decode()
        os.close(ours)
        self.assertIn("epoch 2/2 [==============================]", shown)
        self.assertIn("100%", shown)
        self.assertIn("accuracy", shown)

    # Models

    def test_evaluate_gives_the_trainers_numbers_to_the_bit(self):
        summary, evaluation = self.trained.summary(), self.json("evaluate", self.run_dir, *DATA)
        self.assertEqual(evaluation["accuracy"], summary["test_accuracy"])
        self.assertEqual(evaluation["loss"], summary["test_loss"])
        self.assertEqual(evaluation["images"], datasets.TEST_IMAGES)
        validation = self.json("evaluate", self.run_dir, *DATA, "--split", "validation")
        self.assertEqual(validation["accuracy"], summary["validation_accuracy"])
        self.assertEqual(validation["images"], 160)
        self.assertEqual(self.json("evaluate", self.run_dir, *DATA, "--split", "train")["images"], 640)

    def test_confusion_adds_up(self):
        evaluation = self.json("confusion", "--model", self.run_dir / "model.convoy", *DATA)
        matrix = evaluation["confusion_matrix"]
        self.assertEqual(sum(map(sum, matrix)), datasets.TEST_IMAGES)
        right = sum(matrix[i][i] for i in range(10))
        self.assertEqual(right / datasets.TEST_IMAGES, evaluation["accuracy"])
        text = self.output("confusion", self.run_dir, *DATA)
        self.assertIn(f"{evaluation['accuracy']:.2%} right", text)
        self.assertEqual(len(text.splitlines()), 13)

    def test_noise_without_noise_is_the_evaluation(self):
        levels = self.json("noise", self.run_dir, *DATA, "--levels", "0,3")["levels"]
        self.assertEqual(levels[0]["accuracy"], self.trained.summary()["test_accuracy"])
        self.assertLess(levels[1]["accuracy"], levels[0]["accuracy"])
        self.assertEqual(len(self.output("noise", self.run_dir, *DATA, "--levels", "0,0.5").splitlines()), 5)

    def test_predict_pictures_as_people_have_them(self):
        images, _ = datasets.head("t10k", 1)
        digit = images[0]
        write_png(self.directory / "plain.png", digit)
        write_png(self.directory / "paper.png", 255 - digit.repeat(5, axis=0).repeat(5, axis=1), color=True)
        plain, paper = self.json("predict", self.directory / "plain.png", self.directory / "paper.png",
                                 "--model", self.run_dir)
        self.assertEqual(len(plain["probabilities"]), 10)
        self.assertAlmostEqual(sum(paper["probabilities"]), 1, places=5)
        # Without MNIST the images are no digits, and the pictures are scaled as a whole.
        self.assertEqual(paper["preparation"]["inverted"], "CONVOY_DATA" in os.environ)
        self.assertEqual(self.json("predict", self.directory / "plain.png", "--as-is", "--model",
                                   self.run_dir)[0]["preparation"]["scaled_and_centred"], False)
        self.assertIn("plain.png", self.output("predict", self.directory / "plain.png", "--model", self.run_dir))

    @unittest.skipUnless("CONVOY_DATA" in os.environ, "without MNIST the images are no digits")
    def test_the_light_on_a_picture_is_not_the_digit(self):
        images, _ = datasets.head("t10k", 1)
        v, u = numpy.mgrid[-0.5:0.5:150j, -0.5:0.5:200j]
        vignette = 1 - 1.6 * (u * u + v * v)
        sheet = numpy.full((150, 200), 235.0)
        written = sheet.copy()
        written[20:132, 60:172] -= images[0].repeat(4, axis=0).repeat(4, axis=1) * 0.8
        names = [self.directory / name for name in ("even.png", "vignette.png", "empty.png")]
        for name, picture in zip(names, (written, written * vignette, sheet * vignette)):
            write_png(name, picture.astype(numpy.uint8))
        even, dim = self.json("predict", *names[:2], "--model", self.run_dir)
        self.assertEqual(dim["label"], even["label"])
        self.refuse("predict", names[2], "--model", self.run_dir, words=["empty.png", "nothing stands out"])

    def test_pictures_of_other_things_are_read_as_in_evaluation(self):
        """Training images that fill their frame: their own pictures, unprepared, give what evaluate gives."""
        def fill(half, count):
            images, labels = datasets.head(half, count)
            rows = 4 + numpy.arange(28) * 20 // 28
            return images[:, rows][:, :, rows], labels

        test_images, test_labels = fill("t10k", 60)
        data = datasets.write(self.directory / "filled", *fill("train", 1200), test_images, test_labels)
        run = self.train("--data", data, "--model", "lenet5", "--epochs", 2)
        self.assertIn("whole pictures", self.output("show", run.path))
        files = [self.directory / f"{i:03}.png" for i in range(len(test_labels))]
        for file, image in zip(files, test_images):
            write_png(file, image)
        answers = self.json("predict", *files, "--model", run.path)
        right = sum(answer["label"] == label for answer, label in zip(answers, test_labels))
        evaluated = self.json("evaluate", run.path, "--data", data)
        self.assertAlmostEqual(right / len(test_labels), evaluated["accuracy"], places=6)
        self.assertEqual({answer["preparation"]["summary"] for answer in answers},
                         {"left as it is, as a whole picture"})
        self.output("predict", files[0], "--model", run.path, "--figure", self.directory / "figure.png")

    def test_a_refused_picture_does_not_end_the_others(self):
        images, _ = datasets.head("t10k", 300)
        files = [self.directory / f"{i:03}.png" for i in range(300)]
        for file, image in zip(files, images):
            write_png(file, image)
        whole = self.json("predict", *files, "--model", self.run_dir)
        self.assertEqual([answer["file"] for answer in whole], [str(file) for file in files])
        files[1].write_bytes(b"no picture")
        files[298].unlink()
        outcome = self.convoy("predict", *files, "--model", self.run_dir, "--json", expect=USAGE)
        self.assertEqual(json.loads(outcome.out), whole[:1] + whole[2:298] + whole[299:])
        lines = outcome.err.splitlines()
        self.assertEqual(len(lines), 3, outcome)
        self.assertTrue(any("001.png: is no picture" in line for line in lines), outcome)
        self.assertTrue(any("298.png" in line for line in lines), outcome)
        self.assertIn("2 of 300 pictures have no answer", lines[-1])

    def test_show_and_download(self):
        shown = self.json("show", self.run_dir)
        self.assertEqual(shown["weights_sha256"], self.trained.summary()["weights_sha256"])
        self.assertEqual(shown["recipe"]["epochs"], 2)
        self.assertIn("Total params", self.output("show", self.run_dir))
        copy = self.directory / "copy.convoy"
        self.output("download", self.run_dir, "--output", copy)
        self.assertEqual(copy.read_bytes(), (self.run_dir / "model.convoy").read_bytes())
        self.refuse("download", self.run_dir, "--output", copy, words=["exists", "--force"])
        self.output("download", self.run_dir, "--output", copy, "--force")

    # What goes wrong

    def test_wrong_usage_is_one_line(self):
        self.refuse("statsu", words=["unknown command 'statsu'", "did you mean 'status'?"])
        self.refuse("evaluate", "--splt", "test", words=["'--splt'", "did you mean '--split'?"])
        self.refuse("evaluate", self.run_dir, "--split", "all", words=["--split"])
        self.refuse("evaluate", self.run_dir, "--noise", "-1", words=["--noise", "from 0 to 10"])
        self.refuse("noise", self.run_dir, "--levels", "0,much", words=["--levels"])
        self.refuse("predict", "--model", self.run_dir, words=["FILE"])
        self.refuse("completion", "tcsh", words=["bash, zsh or fish"])
        self.refuse("evaluate", "a.convoy", "--model", "b.convoy", words=["two models"])
        self.refuse("cancel", self.run_dir, words=["is a directory"])

    def test_missing_and_broken_files_are_named(self):
        broken = self.directory / "broken.convoy"
        broken.write_bytes((self.run_dir / "model.convoy").read_bytes()[:-1000])
        self.refuse("evaluate", broken, *DATA, words=[broken])
        self.refuse("show", self.directory / "none.convoy", words=["none.convoy", "no such file"])
        self.refuse("status", self.directory / "none", words=["no such directory"])
        self.refuse("history", self.directory, words=["no summary.json"])
        self.refuse("evaluate", self.run_dir, "--data", self.directory / "none", words=["none"])
        self.refuse("predict", broken, "--model", self.run_dir, words=["broken.convoy", "PNG"])
        huge = self.directory / "huge.png"
        huge.write_bytes(pictures.png_of_size(30000, 30000))
        self.refuse("predict", huge, "--model", self.run_dir, words=["huge.png", "30000 x 30000", "smaller"])
        circle = self.directory / "circle.png"
        circle.symlink_to("circle.png")
        self.refuse("predict", circle, "--model", self.run_dir, words=["circle.png", "symbolic links"])
        self.refuse("jobs", self.directory / "none", words=["none"])

    def test_nobody_at_the_coordinators_address(self):
        for command in (["status"], ["watch"], ["jobs"], ["models"], ["history", "first"], ["evaluate", "first"],
                        ["cancel", "first"], ["delete", "first"], ["download", "--output", "x.convoy"]):
            with self.subTest(command):
                self.refuse(*command, "--coordinator", "127.0.0.1:1", expect=FAILED,
                            words=["no coordinator answers at 127.0.0.1:1", "--coordinator"])
        self.refuse("status", env={"CONVOY_COORDINATOR": "127.0.0.1:2"}, expect=FAILED, words=["127.0.0.1:2"])
        config = self.directory / ".config" / "convoy" / "config"
        config.parent.mkdir(parents=True)
        config.write_text('coordinator = "127.0.0.1:3"\n')
        self.refuse("status", expect=FAILED, words=["127.0.0.1:3"])

    def test_something_else_at_the_coordinators_address(self):
        with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as server:
            address = f"127.0.0.1:{server.getsockname()[1]}"
            outcome = self.convoy("status", "--coordinator", address, expect=FAILED)
            self.assertIn(address, outcome.err)

    def test_missing_token_and_certificate_files_are_named(self):
        self.refuse("status", "--token-file", "none.token", words=["--token-file", "none.token"])
        self.refuse("status", "--tls-ca", "none.pem", words=["--tls-ca", "none.pem"])

    # The shell

    def test_bash_completes_commands_and_flags(self):
        def complete(*words):
            script = (f"source <({CONVOY} completion bash); COMP_WORDS=({' '.join(words)} '') "
                      f"COMP_CWORD={len(words) - 1}; _convoy; printf '%s\\n' \"${{COMPREPLY[@]}}\"")
            return subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout.split()

        self.assertEqual(complete("convoy", "ev"), ["evaluate"])
        self.assertEqual(complete("convoy", "noise", "--le"), ["--levels"])
        self.assertEqual(complete("convoy", "noise", "runs/"), [])  # bash completes files itself
        self.assertEqual(complete("convoy", "figure", "conf"), ["confusion"])
        self.assertEqual(complete("convoy", "report", "--lang", "f"), ["fr"])
        self.assertEqual(complete("convoy", "help", "pred"), ["predict"])

    def test_completions_name_every_command(self):
        commands = [line.split()[0] for line in self.output("--help").splitlines()
                    if line.startswith("  ") and not line.startswith("  -") and "  " in line.strip()]
        commands = [name for name in commands if name not in ("trainer", "convoy")]
        self.assertIn("watch", commands)
        for shell in ("bash", "zsh", "fish"):
            script = self.output("completion", shell)
            for command in commands:
                self.assertIn(command, script)

    def test_every_command_explains_itself(self):
        for command in ("status", "watch", "jobs", "history", "cancel", "delete", "evaluate", "confusion", "predict",
                        "noise", "show", "models", "download", "completion"):
            text = self.output(command, "--help")
            self.assertIn(f"convoy {command}", text)
            self.assertLessEqual(max(map(len, text.splitlines())), 110, text)


if __name__ == "__main__":
    harness.main()
