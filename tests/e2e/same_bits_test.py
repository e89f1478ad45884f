#!/usr/bin/env python3
"""What is trained does not depend on who does the work: ranks, threads, breaks, world sizes.

Here every way once on few images, and the sizes with a short last batch. same_bits_matrix_test.py
has all combinations on many.
"""
import pathlib
import sys

sys.dont_write_bytecode = True

import harness
import pictures
import ways
from harness import convoy_file

# 333 images: 266 to train on, batches of 128, 128 and 10.
FEW_IMAGES = [*harness.data_flags(), "--train-limit", 333]
TWO_EPOCHS = [*FEW_IMAGES, "--epochs", 2]
ONE_EPOCH = [*FEW_IMAGES, "--epochs", 1]
# Convolutions with strides are general ones, which OpenBLAS multiplies.
BY_OPENBLAS = ["--model", pathlib.Path(__file__).with_name("smooth.textproto")]


class SameBitsTest(ways.WaysTest):
    def test_ranks_threads_and_seeds(self):
        bits = self.check(TWO_EPOCHS, ways.ALL)
        another = self.train(*TWO_EPOCHS, "--seed", 43).bits()
        self.assertNotEqual(another["weights_sha256"], bits["weights_sha256"])

    def test_batch_of_100(self):
        self.check([*TWO_EPOCHS, "--batch-size", 100], ways.FEW)

    def test_micro_batches_that_do_not_divide_the_batch(self):
        self.check([*ONE_EPOCH, "--batch-size", 50, "--micro-batch", 7], ways.FEW)

    def test_hundreds_of_threads(self):
        recipe = [*ONE_EPOCH, "--model", "lenet5", "--batch-size", 600, "--micro-batch", 1]
        self.assertEqual(self.train(*recipe, "--threads", 300).bits(), self.train(*recipe, "--threads", 2).bits())

    def test_without_validation(self):
        self.check([*ONE_EPOCH, "--validation-split", 0], ways.FEW)

    def test_sgd_with_momentum_on_another_network(self):
        self.check([*TWO_EPOCHS, "--model", "lenet5", "--optimizer", "sgd", "--learning-rate", 0.05,
                    "--momentum", 0.9, "--nesterov"], ways.FEW)

    def test_every_instruction_set(self):
        weights = set()
        for isa in harness.isas():
            with self.subTest(isa):
                recipe = [*TWO_EPOCHS, "--isa", isa]
                summary = self.train(*recipe).summary()
                self.assertEqual((summary["isa"], summary["blas_core"]), (isa, harness.KERNEL_FAMILIES[isa]))
                self.assertEqual(self.check(recipe, ways.FEW)["weights_sha256"], summary["weights_sha256"])
                weights.add(summary["weights_sha256"])
        self.assertEqual(len(weights), len(harness.isas()), "each has its own bits")

    def test_the_best_instruction_set_is_the_default(self):
        default, asked = (self.train(*ONE_EPOCH, *flags).summary() for flags in ([], ["--isa", harness.isas()[0]]))
        for key in ("isa", "blas_core", "weights_sha256"):
            self.assertEqual(default[key], asked[key])

    def test_products_by_openblas(self):
        self.check([*TWO_EPOCHS, *BY_OPENBLAS], ways.FEW)

    def test_core_type_in_the_environment_changes_nothing(self):
        recipe = [*ONE_EPOCH, *BY_OPENBLAS]
        bits = self.train(*recipe).bits()
        for core in ("Nehalem", "Haswell", "SkylakeX", "Cooperlake", "no such core"):
            with self.subTest(core=core):
                self.assertEqual(self.train(*recipe, env={"OPENBLAS_CORETYPE": core}).bits(), bits)

    def test_stopped_twice_in_the_middle_of_an_epoch(self):
        recipe = [*harness.data_flags(), "--batch-size", 32, "--epochs", 1]  # 40 steps
        self.assertEqual(self.stop_twice(recipe), self.train(*recipe).bits())

    def test_exchange_of_16_bits(self):
        recipe = [*TWO_EPOCHS, "--exchange", "bfloat16"]
        bits = self.check(recipe, ways.ALL)
        self.assertNotEqual(bits["weights_sha256"], self.train(*TWO_EPOCHS).bits()["weights_sha256"])

    def test_exchange_of_16_bits_stopped_twice(self):
        recipe = [*harness.data_flags(), "--batch-size", 32, "--epochs", 1, "--exchange", "bfloat16"]
        self.assertEqual(self.stop_twice(recipe), self.train(*recipe).bits())

    def test_weights_of_16_bits_are_in_the_model(self):
        for _, _, array in self.train(*ONE_EPOCH, "--exchange", "bfloat16").weights():
            self.assertFalse((array.view("<u4") & 0xffff).any())

    def test_exchange_of_floats_is_what_it_is_without_the_flag(self):
        run = self.train(*ONE_EPOCH, "--exchange", "float32")
        self.assertEqual(run.summary()["exchange"], "float32")
        self.assertNotIn("exchange", (run.path / "recipe.textproto").read_text())
        self.assertEqual(run.bits(), self.train(*ONE_EPOCH).bits())

    def test_pictures_in_colour(self):
        """Files that are decoded side by side, and all that pictures are augmented by."""
        data = pictures.write_folders(self.directory / "data", train=60, test=5, encode=pictures.jpeg, height=32, width=32)
        recipe = ["--data", data, "--recipe", "cifar10_fast", "--epochs", 1, "--batch-size", 16]  # 12 steps
        bits = self.check(recipe, [(f"mpirun -np {ranks}", [], ranks) for ranks in (2, 3)])
        self.assertEqual(self.stop_twice(recipe), bits)

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
