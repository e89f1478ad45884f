#!/usr/bin/env python3
"""The logs of a run that other tools read: TensorBoard's event files, history.csv and history.json."""
import csv
import io
import json
import struct
import sys

sys.dont_write_bytecode = True

import pandas

import harness
from harness import Run

import event_files

EPOCHS = 3
LEARNING_RATE = 0.002
RECIPE = [*harness.data_flags(), "--train-limit", 320, "--batch-size", 16, "--learning-rate", LEARNING_RATE]
# Keras's names of metrics and the run that has them.
RUNS = {"loss": ("train", "epoch_loss"), "accuracy": ("train", "epoch_accuracy"),
        "val_loss": ("validation", "epoch_loss"), "val_accuracy": ("validation", "epoch_accuracy")}


def as_float(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


class LogsTest(harness.TrainerTest):
    def check_events(self, run):
        """The event files say what history.json says, each epoch once."""
        history = run.history()
        shown = {name: event_files.shown(run.path / name) for name in {name for name, _ in RUNS.values()}}
        for metric, numbers in history.items():
            directory, tag = RUNS[metric]
            self.assertEqual(shown[directory][tag], {e: as_float(value) for e, value in enumerate(numbers)})
        self.assertEqual(shown["train"]["epoch_learning_rate"],
                         {e: as_float(LEARNING_RATE) for e in range(len(history["loss"]))})
        self.assertEqual(set(shown["train"]), {"epoch_loss", "epoch_accuracy", "epoch_learning_rate"})
        self.assertEqual(set(shown["validation"]), {"epoch_loss", "epoch_accuracy"})

    def test_event_files_have_every_epoch(self):
        run = self.train(*RECIPE, "--epochs", EPOCHS, ranks=2)
        self.assertEqual(len(run.history()["loss"]), EPOCHS)
        self.check_events(run)
        for name in ("train", "validation"):
            self.assertEqual(len(list((run.path / name).iterdir())), 1)

    def test_event_files_of_a_run_that_was_killed_and_went_on(self):
        run = Run(self.directory / "run")
        flags = [*RECIPE, "--run-dir", run.path, "--checkpoint-every", 1, "--epochs", 30]
        for more in ([], ["--resume"], ["--resume"]):
            self.run_trainer(*flags, *more, env={"CONVOY_FAILPOINT": "before_step:31"})
            self.assertEqual(run.summary()["state"], "running")
        # As if the last records had not reached the disk.
        newest = max((run.path / "train").iterdir())
        newest.write_bytes(newest.read_bytes()[:-100])
        self.train(*RECIPE, "--epochs", 30, "--resume", run=run)
        self.assertEqual(len(run.history()["loss"]), 30)
        self.assertEqual(len(list((run.path / "train").iterdir())), 4)
        # A cut record ends the file for readers.
        with self.assertRaises(ValueError):
            event_files.values(newest)
        newest.write_bytes(b"".join(event_files.whole_records(newest.read_bytes())))
        self.check_events(run)

    def test_figures_are_pictures_of_the_last_epoch(self):
        run = self.train(*RECIPE, "--epochs", 2, "--figures")
        shown = event_files.shown(run.path / "train")
        for tag, figure in [("confusion_matrix", "confusion"), ("filters/conv1", "filters-conv1")]:
            self.assertEqual(list(shown[tag]), [1])
            self.assertEqual(shown[tag][1]["png"], (run.path / f"figures/{figure}.png").read_bytes())
        self.assertEqual({tag for tag in shown if "/" in tag}, {"filters/conv1", "filters/conv2"})

    def test_run_without_validation(self):
        run = self.train(*RECIPE, "--epochs", 1, "--validation-split", 0)
        self.assertEqual(set(event_files.shown(run.path / "train")["epoch_loss"]), {0})
        self.assertFalse((run.path / "validation").exists())

    def test_history_csv_is_the_history_in_excels_dialect(self):
        run = self.train(*RECIPE, "--epochs", EPOCHS)
        text = (run.path / "history.csv").read_bytes().decode()
        rows = list(csv.DictReader(io.StringIO(text, newline=""), dialect="excel"))
        history = run.history()
        self.assertEqual(list(rows[0]), ["epoch", *sorted(history)])
        self.assertEqual([row["epoch"] for row in rows], [str(e) for e in range(EPOCHS)])
        for metric, numbers in history.items():
            self.assertEqual([float(row[metric]) for row in rows], numbers)
        # What csv itself would write, byte for byte.
        again = io.StringIO(newline="")
        writer = csv.DictWriter(again, list(rows[0]), dialect="excel")
        writer.writeheader()
        writer.writerows(rows)
        self.assertEqual(again.getvalue(), text)

    def test_history_json_is_an_object_of_lists_of_numbers(self):
        run = self.train(*RECIPE, "--epochs", EPOCHS)
        history = json.loads((run.path / "history.json").read_text())
        self.assertEqual(list(history), list(RUNS))
        for numbers in history.values():
            self.assertEqual([type(number) for number in numbers], [float] * EPOCHS)

    def test_pandas_reads_both(self):
        run = self.train(*RECIPE, "--epochs", EPOCHS)
        table = pandas.read_csv(run.path / "history.csv", index_col="epoch", float_precision="round_trip")
        self.assertEqual(list(table.index), list(range(EPOCHS)))
        history = run.history()
        self.assertEqual({name: list(table[name]) for name in sorted(history)}, dict(sorted(history.items())))
        self.assertTrue((table.dtypes == float).all())
        self.assertTrue(pandas.DataFrame(history)[table.columns].equals(table.reset_index(drop=True)))


if __name__ == "__main__":
    harness.main()
