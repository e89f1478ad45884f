#!/usr/bin/env python3
"""Every way of training against every size of last batch and kernel family, on 12,037 images or
nearly: the whole of what "the same bits" promises. Takes minutes; same_bits_test.py is quick."""
import shutil
import sys

sys.dont_write_bytecode = True

import harness
import ways

SIZES = {
    "last batch of 29 images": (["--train-limit", 12037], 76),  # 9,629 = 75 * 128 + 29
    "last batch of one image": (["--train-limit", 12002], 76),  # 9,601 = 75 * 128 + 1
    "batch of 100": (["--train-limit", 12037, "--batch-size", 100], 97),
}


class SameBitsMatrixTest(ways.WaysTest):
    def check_sizes(self, family):
        for size, (flags, steps) in SIZES.items():
            with self.subTest(size):
                recipe = [*harness.data_flags(12037), *flags, *family, "--epochs", 1]
                bits = self.check(recipe, ways.ALL)
                self.assertEqual(bits["steps"], steps)
                self.assertEqual(self.stop_twice(recipe), bits)
                shutil.rmtree(self.directory / "stopped-twice")
                print(f"{size}: {bits['weights_sha256']}", file=sys.stderr)

    def test_kernels_as_found(self):
        self.check_sizes([])

    def test_exchange_of_16_bits(self):
        self.check_sizes(["--exchange", "bfloat16"])

    def test_other_instruction_sets(self):
        for isa in harness.isas()[1:]:
            for exchange in ("float32", "bfloat16"):
                self.check_sizes(["--isa", isa, "--exchange", exchange])


if __name__ == "__main__":
    harness.main()
