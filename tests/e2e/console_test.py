#!/usr/bin/env python3
"""What a person sees: plain lines in a file, a progress bar on a terminal, one voice for all ranks."""
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time

sys.dont_write_bytecode = True

import harness
from harness import DONE, Run

RECIPE = [*harness.data_flags(), "--train-limit", 400, "--batch-size", 32, "--epochs", 2]


def on_terminal(command, cwd, env, stopped_until=None):
    """Runs a command with a terminal as its output; returns its exit code and all that was shown.

    The terminal is stopped (Ctrl-S) until `stopped_until`, if there is one, returns."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 200, 0, 0))  # room for Keras's whole line
    if stopped_until:
        termios.tcflow(its, termios.TCOOFF)
    process = subprocess.Popen(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=its, stderr=its)
    if stopped_until:
        try:
            stopped_until()
        finally:
            termios.tcflow(its, termios.TCOON)
    os.close(its)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 1 << 16)
        except OSError:  # Linux's way to say that the other side is closed
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    return process.wait(harness.TIMEOUT), shown.decode()


class ConsoleTest(harness.TrainerTest):
    def output(self, *flags, **where):
        outcome = self.run_trainer("--run-dir", self.directory / "run", *RECIPE, *flags, **where)
        self.assertEqual((outcome.code, outcome.err), (DONE, ""), outcome)
        return outcome.out

    def test_plain_lines_where_there_is_no_terminal(self):
        lines = self.output(ranks=3)
        self.assertNotRegex(lines, "[\r\033\b]")
        summary = Run(self.directory / "run").summary()
        for expected in (
            r"^Convoy trains on 3 ranks \(\d+ threads in all\) on 1 host: \S+$",
            f"^  kernels  {summary['isa']}, OpenBLAS for {summary['blas_core']}, reduction exact$",
            f"^  data     .*{re.escape(str(harness.data_flags()[1]))}$",
            "^  images   320 to train on, 80 for validation, 320 for the test$",
            "^ conv1 .Conv2D. +.None, 26, 26, 32. +320 *$",
            "^Total params: 225034 ",
            "^Epoch 2/2$",
            r"^10/10 \[=+\] - [\d.]+s - loss: \d\.\d{4} - accuracy: \d\.\d{4} - val_loss: \d\.\d{4} "
            r"- val_accuracy: \d\.\d{4} - [\d,]+ images/s$",
            r"^Test loss [\d.]+, test accuracy [\d.]+% on 320 images, after \d+",
            f"^Weights SHA-256 {summary['weights_sha256']}$",
            f"^Everything is in {re.escape(str(self.directory / 'run'))}: model.convoy, ",
        ):
            # Once: rank 0 alone prints.
            wanted = 2 if "val_loss" in expected else 1
            self.assertEqual(len(re.findall(expected, lines, re.MULTILINE)), wanted, f"{expected}\n{lines}")

    def test_local_ranks_print_once_too(self):
        self.assertEqual(self.output("--local-ranks", 3).count("Convoy trains on 3 ranks"), 1)

    def test_silent_and_a_line_an_epoch(self):
        self.assertEqual(self.output("--verbose", 0, ranks=2), "")
        run = Run(self.directory / "run")
        outcome = self.run_trainer("--run-dir", run.path, *RECIPE, "--verbose", 0, "--resume")
        self.assertEqual((outcome.code, outcome.out, outcome.err), (DONE, "", ""))
        run.path.rename(self.directory / "silent")
        lines = self.output("--verbose", 2)
        self.assertEqual(len(re.findall("^Epoch [12]/2 - [0-9.]+s - loss: ", lines, re.MULTILINE)), 2, lines)
        self.assertNotIn("[==", lines)

    def test_bar_on_a_terminal(self):
        for mpirun in ([], ["mpirun", "-np", "2"]):
            with self.subTest(mpirun=mpirun):
                self.check_bar([*mpirun, str(harness.TRAINER), "--run-dir", f"run-{len(mpirun)}"])

    def check_bar(self, command):
        code, shown = on_terminal([*command, *map(str, RECIPE)], self.directory,
                                  harness.environment(self.scratch, {"TERM": "xterm"}))
        self.assertEqual(code, DONE, shown)
        drawn = re.findall(r"\r *\d+/10 \[=*>?\.*\] - ETA: \d+s - loss: \d\.\d{4} - accuracy: \d\.\d{4} "
                           r"- [\d,]+ images/s\033\[K", shown)
        self.assertGreaterEqual(len(drawn), 2, shown)  # at least the last step of each epoch
        kept = re.findall(r"\r\033\[K\r10/10 \[={30}\] - [\d.]+s - loss: .* val_accuracy: [^\r\033]*\r\n", shown)
        self.assertEqual(len(kept), 2, shown)

    def test_a_terminal_that_is_stopped_stops_no_training(self):
        def trained():
            deadline = time.monotonic() + harness.TIMEOUT
            while not (run.path / "summary.json").exists() or run.summary()["state"] != "succeeded":
                self.assertLess(time.monotonic(), deadline, "the training waits for the terminal")
                time.sleep(0.05)
        for mpirun in ([], ["mpirun", "-np", "2"]):
            with self.subTest(mpirun=mpirun):
                run = Run(self.directory / f"stopped-{len(mpirun)}")
                code, shown = on_terminal([*mpirun, str(harness.TRAINER), "--run-dir", str(run.path), *map(str, RECIPE)],
                                          self.directory, harness.environment(self.scratch, {"TERM": "xterm"}), trained)
                self.assertEqual(code, DONE, shown)
                for line in ("Epoch 1/2\r\n", "Epoch 2/2\r\n", "Weights SHA-256 "):
                    self.assertIn(line, shown)

    def test_note_where_threads_have_nothing_to_do(self):
        lines = self.output("--local-ranks", 2, "--threads", 2)
        self.assertIn("a batch has only 2 micro-batches of work: 2 threads will idle", lines)

    def test_stopped_run_says_how_to_go_on(self):
        run = Run(self.directory / "run")
        outcome = self.run_trainer("--run-dir", run.path, *RECIPE, env=harness.signal_before_step(15, signal.SIGTERM))
        self.assertEqual((outcome.code, outcome.err), (harness.STOPPED, ""), outcome)
        self.assertRegex(outcome.out, r"\nStopped on request at step [\d,]+; the checkpoint is in "
                         f"{re.escape(str(run.path))}/checkpoints. Go on with --run-dir "
                         f"{re.escape(str(run.path))} --resume\n$")

    def test_generated_digits_are_not_called_mnist(self):
        outcome = self.run_trainer("--run-dir", self.directory / "run", "--data", "generated", "--train-limit", 64,
                                   "--epochs", 1)
        self.assertEqual(outcome.code, DONE, outcome)
        self.assertIn("this is not MNIST", outcome.out)
        self.assertEqual(Run(self.directory / "run").summary()["data"], "generated")

    def test_without_any_data_says_so_too(self):
        outcome = self.run_trainer("--run-dir", self.directory / "run", "--train-limit", 64, "--epochs", 1, ranks=2,
                                   env={"HOME": str(self.directory)})
        self.assertEqual(outcome.code, DONE, outcome)
        self.assertIn("this is not MNIST", outcome.out)
        self.assertIn("none found", outcome.out)

    def test_plan_is_explained_once(self):
        self.assertEqual(self.output("--explain-plan", ranks=2).count("conv2 (Conv2D)"), 1)


if __name__ == "__main__":
    harness.main()
