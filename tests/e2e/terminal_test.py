#!/usr/bin/env python3
"""Everything that is drawn fits the terminal, from 20 to 1,000 columns, with UTF-8 or without."""
import contextlib
import json
import re
import sys
import threading
import time

sys.dont_write_bytecode = True

import harness
import screen
from harness import CONVOY, DONE
from screen import ASCII, FRENCH, FRENCH_ASCII, UTF8, Screen

RECIPE = [*harness.data_flags(), "--train-limit", 800, "--batch-size", 16, "--epochs", 2]
EPOCH_END = r"40/40 .*- \d+\.\ds - loss: \d\.\d{4}"


class TerminalTest(harness.TrainerTest):
    def show(self, command, columns, **env):
        shown = Screen(command, columns, env=screen.environment(self.scratch, **env), cwd=self.directory)
        self.assertEqual(shown.code, DONE, shown.text())
        return shown

    def train(self, columns, *flags, run=None, **env):
        run = run or f"run-{columns}"
        return self.show([harness.TRAINER, "--run-dir", run, *RECIPE, *flags], columns, **env)

    def train_held(self, columns, locale=UTF8):
        """Holds the first epoch in its middle for longer than the bar waits between two pictures."""
        hold, run = harness.Hold(before_step=20), self.directory / f"run-{columns}"
        self.addCleanup(hold.let_go)

        def let_go_when_held():
            while not self.is_held(run, step=20):
                time.sleep(0.05)
            hold.let_go()

        thread = threading.Thread(target=let_go_when_held, daemon=True)
        thread.start()
        shown = self.train(columns, run=run, **locale, **hold.env)
        thread.join()
        return shown

    @staticmethod
    def is_held(run, step):
        with contextlib.suppress(FileNotFoundError):
            rank = json.loads((run / "progress.json").read_text())["ranks"][0]
            return rank["step"] == step and rank["seconds"] > 0.2
        return False

    def test_the_bar_stays_in_its_line(self):
        for columns in (20, 40, 80, 200):
            with self.subTest(columns=columns):
                shown = self.train_held(columns)
                # However often it was drawn, one line an epoch stays for it.
                self.assertEqual(len(re.findall(r"^ *\d+/40", shown.text(), re.MULTILINE)), 2, shown.text())
                bars = {line for frame in shown.frames for line in frame.splitlines()
                        if re.match(r" *\d+/40 \[", line)}
                self.assertGreaterEqual(len(bars), 2, shown.text())
                flat = " ".join(shown.text().split())
                for wanted in ("Convoy trains on", "Epoch 2/2", "val_accuracy: 0.", "images/s", "Test loss"):
                    self.assertIn(wanted, flat)
                self.check_no_number_is_cut(shown)

    def test_french_is_drawn_as_english_is(self):
        for columns, locale in ((20, FRENCH), (40, FRENCH_ASCII), (80, FRENCH), (200, FRENCH_ASCII)):
            with self.subTest(columns=columns):
                shown = self.train_held(columns, locale)
                self.assertEqual(len(re.findall(r"^ *\d+/40", shown.text(), re.MULTILINE)), 2, shown.text())
                flat = " ".join(shown.text().split())
                epoch = "Époque 2/2" if locale is FRENCH else "Epoque 2/2"
                for wanted in ("Convoy ent", epoch, "val_accuracy: 0.", "images/s", "Perte de test"):
                    self.assertIn(wanted, flat)
                if locale is FRENCH_ASCII:
                    self.assertTrue(shown.raw.isascii(), shown.raw)
                self.check_fits(shown, columns)
                self.check_no_number_is_cut(shown)

    def check_no_number_is_cut(self, shown):
        """A number of a metric has its four digits in every picture, or is not there."""
        for frame in shown.frames:
            for number in re.findall(r"(?:loss|accuracy): (\S+)(?: -|$)", frame, re.MULTILINE):
                self.assertRegex(number, r"^\d\.\d{4}(e-\d\d)?$", frame)

    def test_keras_line_where_there_is_room(self):
        shown = self.train(200, **UTF8)
        self.assertEqual(len(re.findall(r"^40/40 \[={30}\] - [\d.]+s - loss: .* images/s$", shown.text(),
                                        re.MULTILINE)), 2, shown.text())

    def test_dumb_terminals_get_a_line_an_epoch(self):
        for env in ({"TERM": "dumb"}, {"TERM": ""}):
            shown = self.train(80, run=f"run-{env['TERM']}", **{**UTF8, **env})
            self.assertNotIn(b"\033", shown.raw)
            self.assertNotRegex(shown.raw, rb"\r(?!\n)")
            self.assertEqual(len(re.findall("^40/40", shown.text(), re.MULTILINE)), 2, shown.text())

    def test_what_convoy_says_fits(self):
        self.train(80, run="run", **UTF8)
        commands = [["status", "run"], ["history", "run"], ["show", "run"], ["jobs", "."], ["models", "."],
                    ["evaluate", "run", *harness.data_flags()], ["confusion", "run", *harness.data_flags()], ["--help"],
                    ["evaluate", "--help"], ["watch", "run"], ["compare", "run", "./run"], ["show", "lenet5"],
                    ["help", "sweep"], ["note", "run"], ["noise", "run", "--levels", "0,0.5", *harness.data_flags()]]
        for columns in (20, 40, 80, 200):
            for command in commands:
                for locale in (UTF8, ASCII, FRENCH, FRENCH_ASCII):
                    with self.subTest(command=command, columns=columns, locale=locale):
                        shown = self.show([CONVOY, *command], columns, **locale)
                        self.check_fits(shown, columns)
                        if locale in (ASCII, FRENCH_ASCII):
                            self.assertTrue(shown.raw.isascii(), shown.raw)

    def check_fits(self, shown, columns):
        """No line was broken by the terminal: each that was written is a line that is seen."""
        written = re.sub(rb"\033\[[0-9;]*[A-Za-z]", b"", shown.raw).decode()
        for line in re.split("\r?\n|\r", written):
            self.assertLessEqual(len(line), columns, line)

    def test_tables_are_never_broken_within_a_row(self):
        self.train(80, "--name", "noyaux larges", "--tag", "lab3", run="run", **UTF8)
        number = r"\d\.\d{4}"
        for columns in (40, 80):
            shown = self.show([CONVOY, "history", "run"], columns, **UTF8)
            self.assertRegex(shown.text(), rf"(?m)^ *2( +{number}){{4}}$")
        for columns, locale in ((40, FRENCH), (80, UTF8), (200, FRENCH)):
            with self.subTest(columns=columns):
                shown = self.show([CONVOY, "jobs", "."], columns, **locale)
                if columns == 200:
                    self.assertRegex(shown.text(), r"(?m)^run +noyaux larges +lab3 .*UTC$")
                else:  # a line for each fact
                    self.assertRegex(shown.text(), r"(?m)^  \S+ +noyaux larges$")
                    self.assertRegex(shown.text(), r"(?m)^  val_accuracy +\d+\.\d\d%$")

    def test_what_takes_a_while_says_so(self):
        self.train(80, run="run", **UTF8)
        for columns, locale, words in ((20, UTF8, "Drawing noise"), (80, FRENCH, "Dessin de noise-curve [")):
            with self.subTest(columns=columns):
                shown = self.show([CONVOY, "report", "run", *harness.data_flags()], columns, **locale)
                self.assertTrue(any(words in frame for frame in shown.frames), shown.frames[-3:])
                self.assertNotIn(words.split()[0], shown.text())
                self.check_fits(shown, columns)
        quiet = self.show([CONVOY, "report", "run", "--json", *harness.data_flags()], 80, **UTF8)
        self.assertEqual(len(quiet.frames[-1].splitlines()), 1, quiet.raw)
        self.assertNotIn(b"\033", quiet.raw)

    def test_a_thousand_columns(self):
        self.train(1000, run="wide", **UTF8)
        shown = self.show([CONVOY, "watch", "wide"], 1000, **UTF8)
        self.check_fits(shown, 1000)


if __name__ == "__main__":
    harness.main()
