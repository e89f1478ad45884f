#!/usr/bin/env python3
"""Layers, schedules, callbacks and augmentation of a recipe: the same bits in every way of training."""
import shutil
import sys

sys.dont_write_bytecode = True

import harness
import ways

# Every layer that is not in the notebook's network.
NETWORK = """
name: "options" input { height: 28 width: 28 }
layers { average_pooling2d {} }
layers { dropout { rate: 0.1 } }
layers { conv2d { filters: 8 kernel_size: 3 no_bias: true kernel_regularizer { l2: 0.001 } } }
layers { batch_normalization {} }
layers { activation { function: LEAKY_RELU } }
layers { max_pooling2d {} }
layers { conv2d { filters: 16 kernel_size: 3 activation: RELU } }
layers { batch_normalization {} }
layers { dropout { rate: 0.2 } }
layers { activation { function: ELU } }
layers { global_average_pooling2d {} }
layers { dense { units: 10 activation: SOFTMAX kernel_regularizer { l2: 0.001 } } }
"""
RECIPE = """
model_name: "network.textproto"
optimizer { name: "adamw" }
schedule { name: "cosine" warmup_epochs: 0.5 }
early_stopping { patience: 2 restore_best_weights: true }
label_smoothing: 0.1
augmentation { shift: 2 rotation: 10 zoom: 0.1 elastic: 0.7 }
"""


class RecipeOptionsTest(ways.WaysTest):
    def write(self, name, text):
        path = self.directory / name
        path.write_text(text, encoding="utf-8")
        return path

    def recipe(self, text, *flags):
        self.write("network.textproto", NETWORK)
        return ["--recipe", self.write("recipe.textproto", text), *harness.data_flags(), *flags]

    def test_everything_at_once(self):
        # 266 images: batches of 128, 128 and 10.
        recipe = self.recipe(RECIPE, "--epochs", 2, "--train-limit", 333)
        self.check(recipe, [*[(f"mpirun -np {ranks}", [], ranks) for ranks in (2, 3, 4)],
                            ("--local-ranks 2 --threads 2", ["--local-ranks", 2, "--threads", 2], 0)])

    def test_stopped_twice_in_the_middle_of_an_epoch(self):
        for exchange in ("float32", "bfloat16"):
            with self.subTest(exchange):
                recipe = self.recipe(RECIPE, "--batch-size", 32, "--epochs", 1, "--exchange", exchange)
                self.assertEqual(self.stop_twice(recipe), self.train(*recipe).bits())
                shutil.rmtree(self.directory / "stopped-twice")

    def test_moving_statistics_are_not_rounded(self):
        run = self.train(*self.recipe(RECIPE, "--epochs", 1, "--train-limit", 333, "--exchange", "bfloat16"))
        for name, trainable, array in run.weights():
            self.assertEqual(trainable, not (array.view("<u4") & 0xffff).any(), name)

    def test_normalization_has_moving_statistics_in_the_model(self):
        run = self.train(*self.recipe(RECIPE, "--epochs", 1, "--train-limit", 333))
        tensors = {name: (trainable, array) for name, trainable, array in run.weights()}
        trainable, mean = tensors["batch_normalization/moving_mean"]
        self.assertFalse(trainable)
        self.assertTrue((mean != 0).all())
        trainable, variance = tensors["batch_normalization/moving_variance"]
        self.assertFalse(trainable)
        self.assertTrue((variance != 1).all() and (variance > 0).all())
        self.assertTrue(tensors["batch_normalization/gamma"][0])

    def test_improved_recipe(self):
        recipe = [*harness.data_flags(), "--recipe", "improved", "--epochs", 1, "--train-limit", 600]
        self.check(recipe, [(f"mpirun -np {ranks}", [], ranks) for ranks in (2, 3, 4)])

    def test_rmsprop_on_a_plateau(self):
        text = """model_name: "lenet5" optimizer { name: "rmsprop" momentum: 0.5 }
                  reduce_on_plateau { monitor: "loss" patience: 1 min_delta: 100 }"""
        recipe = self.recipe(text, "--epochs", 3, "--train-limit", 333)
        run = self.train(*recipe)
        rates = run.history()["lr"]
        self.assertEqual(rates[:2], [0.001, 0.001])  # an epoch sets the best, the next is no better
        self.assertAlmostEqual(rates[2], 0.0001)
        self.assertEqual(self.train(*recipe, ranks=2).bits(), run.bits())


class EarlyStoppingTest(harness.TrainerTest):
    # No epoch is better than the first by so much.
    TEXT = """model_name: "lenet5" epochs: 6 train_limit: 333
              early_stopping { patience: 2 min_delta: 100 restore_best_weights: true }"""

    def recipe(self):
        path = self.directory / "stopping.textproto"
        path.write_text(self.TEXT, encoding="utf-8")
        return ["--recipe", path, *harness.data_flags()]

    def test_ends_early_with_the_best_weights(self):
        run = harness.Run(self.directory / "early")
        outcome = self.run_trainer(*self.recipe(), "--run-dir", run.path, "--verbose", 2)
        self.assertEqual(outcome.code, harness.DONE, outcome)
        self.assertIn("Epoch 3: early stopping", outcome.out)
        self.assertIn("Restoring model weights from the end of the best epoch: 1.", outcome.out)
        self.assertEqual(len(run.history()["loss"]), 3)
        # The model is that of a run that ended after the best epoch.
        one = self.train(*self.recipe(), "--epochs", 1)
        self.assertEqual(run.summary()["weights_sha256"], one.summary()["weights_sha256"])
        self.assertEqual(run.summary()["validation_accuracy"], one.summary()["validation_accuracy"])
        self.assertEqual(run.summary()["state"], "succeeded")

    def test_is_finished_when_resumed(self):
        run = self.train(*self.recipe())
        before = run.bits()
        outcome = self.run_trainer(*self.recipe(), "--run-dir", run.path, "--resume")
        self.assertEqual(outcome.code, harness.DONE, outcome)
        self.assertEqual(run.bits(), before)


class RefusalsTest(harness.TrainerTest):
    def refusal(self, text):
        path = self.directory / "bad.textproto"
        path.write_text(text, encoding="utf-8")
        outcome = self.run_trainer("--recipe", path, *harness.data_flags())
        self.assertEqual(outcome.code, harness.USAGE, outcome)
        self.assertEqual(len(outcome.trainer_lines()), 1, outcome)
        return outcome.trainer_lines()[0]

    def test_one_line_names_the_field(self):
        for text, words in [
                ("schedule { nam: 'step' }", "did you mean 'name'?"),
                ("schedule { name: 'cosine' step_epochs: 2 }", "schedule.step_epochs: is for"),
                ("early_stopping {} validation_split: 0", "early_stopping.monitor: is val_loss"),
                ("augmentation { rotation: 200 }", "augmentation.rotation: must be from 0 to 180"),
                ("learning_rate_scaling: 'log'", "--scale-learning-rate: unknown rule 'log'")]:
            with self.subTest(text):
                self.assertIn(words, self.refusal(text))

    def test_unknown_recipe(self):
        outcome = self.run_trainer("--recipe", "improve")
        self.assertEqual(outcome.code, harness.USAGE, outcome)
        self.assertIn("no recipe is called 'improve'; did you mean 'improved'?", outcome.err)

    def test_small_micro_batches_are_warned_of(self):
        path = self.directory / "network.textproto"
        path.write_text(NETWORK, encoding="utf-8")
        outcome = self.run_trainer("--model", path, *harness.data_flags(), "--train-limit", 100, "--epochs", 1,
                                   "--micro-batch", 8)
        self.assertEqual(outcome.code, harness.DONE, outcome)
        self.assertIn("batch normalization takes its statistics from micro-batches; below 16 images they are rough, these have 8:", outcome.out)


if __name__ == "__main__":
    harness.main()
