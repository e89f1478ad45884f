#!/usr/bin/env python3
"""Flags, recipes and networks that make no sense: one line that names them, exit code 2, nothing
left behind."""
import sys

sys.dont_write_bytecode = True

import harness
from harness import DONE, USAGE

HEAD = 'name: "mine" input { height: 28 width: 28 channels: 1 }\n'
TAIL = 'layers { flatten {} } layers { dense { units: 10 activation: SOFTMAX } }\n'


class Refusals(harness.TrainerTest):
    runs = 0

    def refuse(self, flags, *words, worlds=(0,)):
        for ranks in worlds:
            with self.subTest(flags=flags, ranks=ranks):
                self.runs += 1
                run = self.directory / f"run-{self.runs}"
                outcome = self.run_trainer("--run-dir", run, *harness.data_flags(), *flags, ranks=ranks)
                self.assert_refused(outcome, USAGE, *words)
                self.assertFalse(run.exists())


class BadFlagsTest(Refusals):
    def test_unknown_names_get_the_nearest_known(self):
        self.refuse(["--bach-size", 64], "--bach-size", "did you mean '--batch-size'?", worlds=(0, 1, 2, 3))
        self.refuse(["--seed=3", "extra"], "extra")
        self.refuse(["--model", "lenet"], "--model", "did you mean 'lenet5'?", worlds=(0, 2))
        self.refuse(["--optimizer", "adan"], "--optimizer", "did you mean 'adam'?", worlds=(0, 3))
        self.refuse(["--isa", "avx"], "--isa", "avx2", worlds=(0, 2))
        self.refuse(["--reduce", "ring"], "--reduce", "exact or mpi")

    def test_numbers_out_of_range(self):
        for flag, values in {
            "--batch-size": ("0", "-1", "99999999999999"),
            "--micro-batch": ("0", "-4", "1000000"),
            "--epochs": ("0", "-1"),
            "--learning-rate": ("nan", "inf", "0", "-1", "1e-60", "1e60"),
            "--threads": ("0", "-1", "1000000"),
            "--local-ranks": ("0", "100000"),
            "--checkpoint-every": ("-1",),
            "--keep-checkpoints": ("0",),
            "--seed": ("-1", "99999999999999999999999"),
            "--verbose": ("3",),
            "--validation-split": ("1.5",),
        }.items():
            for value in values:
                self.refuse([flag, value], flag, worlds=(0, 2) if value == values[0] else (0,))

    def test_what_is_not_a_number(self):
        for flag in ("--batch-size", "--micro-batch", "--epochs", "--learning-rate", "--momentum", "--threads",
                     "--local-ranks", "--checkpoint-every", "--keep-checkpoints", "--seed", "--verbose",
                     "--validation-split", "--train-limit"):
            for value in ("many", "1x", "", "0x"):
                self.refuse([flag, value], flag, worlds=(0, 3) if (flag, value) == ("--seed", "many") else (0,))
        self.refuse(["--epochs"], "--epochs")
        self.refuse(["--epochs", 1, "--epochs", 2], "--epochs")

    def test_flags_that_do_not_fit_one_another(self):
        self.refuse(["--local-ranks", 2], "--local-ranks", worlds=(2, 3))
        self.refuse(["--optimizer", "sgd", "--momentum", 1], "--momentum")
        self.assert_refused(self.run_trainer("--resume", ranks=2), USAGE, "--resume", "--run-dir")
        self.assertEqual(list(self.directory.iterdir()), [])

    def test_train_limit_beyond_the_file(self):
        self.refuse(["--train-limit", 1601], "--train-limit", "1600", worlds=(0, 2, 3))

    def test_help_and_version_are_asked_on_rank_0(self):
        for flag, word in (("--help", "--checkpoint-every"), ("--version", "convoy trainer")):
            for ranks in (0, 3):
                outcome = self.run_trainer(flag, ranks=ranks)
                self.assertEqual((outcome.code, outcome.trainer_lines()), (DONE, []), outcome)
                self.assertEqual(outcome.out.count(word), 1, outcome)


class BadFilesTest(Refusals):
    def file(self, name, text):
        path = self.directory / name
        path.write_text(text)
        return path

    def refuse_model(self, text, *words, worlds=(0,)):
        path = self.file("mine.textproto", text)
        self.refuse(["--model", path], *words, worlds=worlds)

    def test_recipe_files(self):
        self.refuse(["--recipe", self.directory / "none"], str(self.directory / "none"), worlds=(0, 2))
        self.refuse(["--recipe", self.directory], str(self.directory))
        bad = self.file("recipe.textproto", "epochs: 1\nbatch_siz: 3\n")
        self.refuse(["--recipe", bad], f"{bad}:2", "batch_siz", "did you mean 'batch_size'?", worlds=(0, 3))
        self.refuse(["--recipe", self.file("recipe.textproto", "batch_size: 0")], "--batch-size")
        self.refuse(["--recipe", self.file("recipe.textproto", "epochs: many")], "recipe.textproto:1")

    def test_network_files(self):
        self.refuse(["--model", self.directory / "none.textproto"], "none.textproto", worlds=(0, 2))
        self.refuse_model("layers { conv3d { filters: 1 } }", "mine.textproto:1", "conv3d", "conv2d", worlds=(0, 2))
        self.refuse_model(HEAD + "layers { dense { unit: 1 } }", "mine.textproto:2", "unit", "'units'", worlds=(0, 3))
        self.refuse_model(HEAD + "layers { dense { units: 1 activation: RELO } }", "RELO", "RELU")
        self.refuse_model(HEAD, "mine", "layer")
        self.refuse_model("", "mine.textproto")
        self.refuse_model("\0\xff", "mine.textproto")
        self.refuse_model(HEAD + 'layers { name: "a" }' + TAIL, "'a'")
        self.refuse_model(HEAD + "layers { dropout { rate: 1.5 } }" + TAIL, "dropout", "rate")
        self.refuse_model(HEAD + 'layers { name: "a" flatten {} } layers { name: "a" dense { units: 10 } }', "'a'")

    def test_networks_whose_shapes_do_not_fit(self):
        self.refuse_model(HEAD + 'layers { name: "wide" conv2d { filters: 1 kernel_size: 29 } }' + TAIL,
                          "'wide'", "29x29", "28x28", worlds=(0, 1, 2, 3))
        self.refuse_model(HEAD + 'layers { name: "d" dense { units: 10 } }', "'d'", "Flatten", worlds=(0, 2))
        self.refuse_model(HEAD + 'layers { flatten {} } layers { name: "p" max_pooling2d {} }' + TAIL, "'p'")
        self.refuse_model(HEAD + 'layers { name: "p" max_pooling2d { pool_size: 30 } }' + TAIL, "'p'")
        self.refuse_model(HEAD + 'layers { name: "c" conv2d { filters: 0 kernel_size: 3 } }' + TAIL, "'c'", "filters")
        self.refuse_model(HEAD + 'layers { name: "c" conv2d { filters: 2 } }' + TAIL, "'c'", "kernel_size")
        self.refuse_model(HEAD + 'layers { flatten {} } layers { name: "d" dense { units: 0 } }', "'d'", "units")
        self.refuse_model(HEAD + 'layers { flatten {} } layers { dense { units: 9 activation: SOFTMAX } }',
                          "mine", "9 classes", worlds=(0, 3))
        self.refuse_model('input { height: 0 width: 28 }' + TAIL, "input")
        self.refuse_model('input { height: 32 width: 32 channels: 3 }' + TAIL, "32", "28")

    def test_networks_beyond_all_memory(self):
        self.refuse_model(HEAD + 'layers { flatten {} } layers { name: "d" dense { units: 2000000000 } }' + TAIL, "'d'")
        self.refuse_model(HEAD + 'layers { name: "c" conv2d { filters: 2000000000 kernel_size: 28 } }' + TAIL,
                          "'c'", worlds=(0, 2))
        # Each layer is as large as one may be; together they need 7.6 TB.
        self.refuse_model(HEAD + "layers { flatten {} }\n" + "layers { dense { units: 46000 } }\n" * 301 + TAIL,
                          "mine", "memory", worlds=(0, 3))

    def test_passes_beyond_all_memory(self):
        self.refuse(["--batch-size", 60000, "--micro-batch", 4096, "--threads", 1024], "--micro-batch", "--threads",
                    "memory", worlds=(0, 2))
        limited = ["-c", 'ulimit -v 1500000; exec "$0" "$@"', harness.TRAINER, *harness.data_flags()]
        run = self.directory / "limited"
        outcome = self.run_trainer(*limited, "--batch-size", 4096, "--micro-batch", 4096, "--threads", 16, "--run-dir", run,
                                   program="sh")
        self.assert_refused(outcome, USAGE, "--micro-batch", "memory")
        self.assertFalse(run.exists())


if __name__ == "__main__":
    harness.main()
