#!/usr/bin/env python3
"""What is trained does not depend on who does the work: ranks, threads, breaks, world sizes.

Here every way once on few images, and the sizes with a short last batch. same_bits_matrix_test.py
has all combinations on many.
"""
import signal
import sys

sys.dont_write_bytecode = True

import harness
from harness import Run, convoy_file

# name, flags, ranks of mpirun. 128 images are 8 micro-batches: with 9 ranks one has nothing to do.
WAYS = [
    ("--threads 2", ["--threads", 2], 0),
    *[(f"mpirun -np {ranks}", [], ranks) for ranks in (1, 2, 3, 4, 5)],
    ("mpirun -np 2 --threads 3", ["--threads", 3], 2),
    ("--local-ranks 3", ["--local-ranks", 3], 0),
    ("--local-ranks 9", ["--local-ranks", 9], 0),
]
FEW_WAYS = [("mpirun -np 3", [], 3), ("--local-ranks 2 --threads 2", ["--local-ranks", 2, "--threads", 2], 0)]
# 333 images: 266 to train on, batches of 128, 128 and 10.
FEW_IMAGES = [*harness.data_flags(), "--train-limit", 333]
TWO_EPOCHS = [*FEW_IMAGES, "--epochs", 2]
ONE_EPOCH = [*FEW_IMAGES, "--epochs", 1]


class SameBitsTest(harness.TrainerTest):
    def check(self, recipe, ways, env=None):
        """Trains alone and in all the ways; returns the bits, which are the same."""
        alone = self.train(*recipe, "--threads", 1, env=env).bits()
        for name, flags, ranks in ways:
            with self.subTest(name):
                self.assertEqual(self.train(*recipe, *flags, ranks=ranks, env=env).bits(), alone)
        return alone

    def stop_twice(self, recipe, env=None):
        """Trains with two breaks, each time with other ranks and threads; returns the bits."""
        run = Run(self.directory / "stopped-twice")
        first = self.stop(run, *recipe, ranks=2, number=signal.SIGUSR1, env=env)
        second = self.stop(run, *recipe, "--resume", "--threads", 3, number=signal.SIGTERM, env=env)
        self.assertGreater(second, first)
        self.train(*recipe, "--resume", ranks=3, run=run, env=env)
        self.assertEqual(run.summary()["restarts"], 2)
        return run.bits()

    def test_ranks_threads_and_seeds(self):
        bits = self.check(TWO_EPOCHS, WAYS)
        another = self.train(*TWO_EPOCHS, "--seed", 43).bits()
        self.assertNotEqual(another["weights_sha256"], bits["weights_sha256"])

    def test_batch_of_100(self):
        self.check([*TWO_EPOCHS, "--batch-size", 100], FEW_WAYS)

    def test_micro_batches_that_do_not_divide_the_batch(self):
        self.check([*ONE_EPOCH, "--batch-size", 50, "--micro-batch", 7], FEW_WAYS)

    def test_without_validation(self):
        self.check([*ONE_EPOCH, "--validation-split", 0], FEW_WAYS)

    def test_sgd_with_momentum_on_another_network(self):
        self.check([*TWO_EPOCHS, "--model", "lenet5", "--optimizer", "sgd", "--learning-rate", 0.05,
                    "--momentum", 0.9, "--nesterov"], FEW_WAYS)

    def test_avx2(self):
        run = self.train(*TWO_EPOCHS, "--isa", "avx2")
        self.assertEqual((run.summary()["isa"], run.summary()["blas_core"]), ("avx2", "Haswell"))
        self.check([*TWO_EPOCHS, "--isa", "avx2"], FEW_WAYS)

    def test_blas_core_forced_to_haswell(self):
        bits = self.check(TWO_EPOCHS, FEW_WAYS, env={"OPENBLAS_CORETYPE": "Haswell"})
        self.assertNotEqual(bits["model.convoy"], self.train(*TWO_EPOCHS).bits()["model.convoy"])

    def test_stopped_twice_in_the_middle_of_an_epoch(self):
        recipe = [*harness.data_flags(), "--batch-size", 32, "--epochs", 1]  # 40 steps
        self.assertEqual(self.stop_twice(recipe), self.train(*recipe).bits())

    def test_last_batch_of_29_images(self):
        recipe = [*harness.data_flags(12037), "--train-limit", 12037, "--epochs", 1]
        bits = self.check(recipe, [("mpirun -np 3", [], 3)])
        self.assertEqual(bits["steps"], 76)  # 9,629 = 75 * 128 + 29

    def test_last_batch_of_one_image(self):
        recipe = [*harness.data_flags(12037), "--train-limit", 12002, "--epochs", 1]
        bits = self.check(recipe, [("mpirun -np 2", [], 2)])
        self.assertEqual(bits["steps"], 76)  # 9,601 = 75 * 128 + 1


class WeightsHashTest(harness.TrainerTest):
    def test_is_that_of_the_tensors_in_the_model(self):
        run = self.train(*TWO_EPOCHS)
        tensors = run.weights()
        self.assertEqual(convoy_file.weights_sha256(tensors), run.summary()["weights_sha256"])
        self.assertEqual(sum(array.size for _, _, array in tensors), run.summary()["parameters"])

    def test_is_not_that_of_the_initial_weights(self):
        # So small a step that no weight moves, not even a bias of 0; the second epoch proves it.
        still = ["--optimizer", "sgd", "--learning-rate", 1e-45]
        initial = self.train(*ONE_EPOCH, *still).summary()["weights_sha256"]
        self.assertEqual(self.train(*TWO_EPOCHS, *still).summary()["weights_sha256"], initial)
        self.assertNotEqual(self.train(*ONE_EPOCH).summary()["weights_sha256"], initial)


if __name__ == "__main__":
    harness.main()
