#!/usr/bin/env python3
"""--reduce mpi computes what the exact reduction does, but for rounding, at any number of ranks."""
import pathlib
import signal
import sys

sys.dont_write_bytecode = True

import numpy as np

import harness
from harness import Run

RELATIVE_TOLERANCE = 1e-5
# One batch of 128 is the whole epoch, so that the history has a loss a step.
ONE_BATCH = [*harness.data_flags(), "--train-limit", 128, "--validation-split", 0]
# A step of plain SGD: the change of the weights, over the rate, is the gradient. The rate is so
# large that the weights after it are almost the gradient alone, and lose none of its digits.
RATE = 1024
ONE_STEP = [*ONE_BATCH, "--epochs", 1, "--optimizer", "sgd", "--learning-rate", RATE]
NO_STEP = [*ONE_BATCH, "--epochs", 1, "--optimizer", "sgd", "--learning-rate", 1e-45]
STEPS = 20
TWENTY_STEPS = [*ONE_BATCH, "--epochs", STEPS]
# Rounding turns over a ReLU or a pool's maximum now and then; this network has neither.
SMOOTH_NETWORK = pathlib.Path(__file__).parent / "smooth.textproto"
WORLDS = [("np 1", [], 1), ("np 2", [], 2), ("np 3", [], 3), ("np 4", [], 4),
          ("one process", [], 0), ("local ranks", ["--local-ranks", 3, "--threads", 2], 0)]


class ReduceMpiTest(harness.TrainerTest):
    def weights(self, flags, **where):
        return {name: array.astype(np.float64) for name, _, array in self.train(*flags, **where).weights()}

    def test_gradient_of_one_step(self):
        initial = self.weights(NO_STEP)
        gradient = {name: (initial[name] - after) / RATE for name, after in self.weights(ONE_STEP).items()}
        for world, flags, ranks in WORLDS:
            after = self.weights([*ONE_STEP, "--reduce", "mpi", *flags], ranks=ranks)
            for name, exact in gradient.items():
                with self.subTest(f"{world}, {name}"):
                    difference = np.linalg.norm((initial[name] - after[name]) / RATE - exact)
                    self.assertGreater(np.linalg.norm(exact), 0)
                    self.assertLess(difference / np.linalg.norm(exact), RELATIVE_TOLERANCE)

    def relative_differences_of_losses(self, *flags):
        """Yields each world with the relative difference of every step's loss to the exact one."""
        exact = np.array(self.train(*TWENTY_STEPS, *flags).history()["loss"])
        self.assertEqual(len(exact), STEPS)
        self.assertLess(exact[-1], exact[0])
        for world, world_flags, ranks in WORLDS:
            run = self.train(*TWENTY_STEPS, *flags, "--reduce", "mpi", *world_flags, ranks=ranks)
            yield world, np.abs(np.array(run.history()["loss"]) / exact - 1)

    def test_losses_of_the_first_steps(self):
        for world, difference in self.relative_differences_of_losses("--model", SMOOTH_NETWORK):
            with self.subTest(world):
                self.assertLess(difference.max(), RELATIVE_TOLERANCE)

    def test_losses_where_rounding_can_turn_over_a_maximum(self):
        for world, difference in self.relative_differences_of_losses():
            with self.subTest(world):
                # A ReLU or a pool's maximum that turns over adds several orders of magnitude at once.
                self.assertLess(difference[:5].max(), RELATIVE_TOLERANCE)
                self.assertLess(difference.max(), 1e-2)

    def test_says_that_it_gives_up_the_same_bits(self):
        outcome = self.run_trainer("--run-dir", self.directory / "run", *ONE_BATCH, "--epochs", 1,
                                   "--reduce", "mpi", ranks=2)
        self.assertIn("--reduce mpi: other bits at another number of ranks", outcome.out)
        self.assertEqual(Run(self.directory / "run").summary()["reduce"], "mpi")

    def test_stopped_run_goes_on(self):
        flags = [*harness.data_flags(), "--reduce", "mpi", "--batch-size", 32, "--epochs", 1]
        whole = self.train(*flags, ranks=2)
        run = Run(self.directory / "stopped")
        self.stop(run, *flags, ranks=2, number=signal.SIGUSR1)
        self.train(*flags, "--resume", run=run, ranks=3)
        self.assertAlmostEqual(run.history()["loss"][0] / whole.history()["loss"][0], 1, delta=1e-3)


if __name__ == "__main__":
    harness.main()
