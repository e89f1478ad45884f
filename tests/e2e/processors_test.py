#!/usr/bin/env python3
"""Processors that are not at hand, emulated by qemu (package qemu-user): each computes the bits that this
one does with the same instruction set, and one that is too old is told so instead of dying."""
import shutil
import sys

sys.dont_write_bytecode = True

import harness
from harness import Run, USAGE
from same_bits_test import BY_OPENBLAS

SKIPPED = 77
RECIPE = [*harness.data_flags(), "--train-limit", 64, "--epochs", 1, "--threads", 1]
# qemu emulates no AVX-512.
CAN_RUN = {"Westmere": "baseline", "SandyBridge": "baseline", "Opteron_G5": "baseline", "Haswell": "avx2",
           "Skylake-Client": "avx2", "EPYC": "avx2", "EPYC-Milan": "avx2"}
TOO_OLD = ["qemu64", "core2duo", "Nehalem", "Opteron_G3"]


class ProcessorsTest(harness.TrainerTest):
    def run_on(self, processor, *flags):
        return self.run_trainer("-cpu", processor, harness.TRAINER, *flags, program="qemu-x86_64", timeout=300)

    def test_same_bits_as_here(self):
        for network in ([], BY_OPENBLAS):
            here = {isa: self.train(*RECIPE, *network, "--isa", isa).summary() for isa in harness.isas()}
            for processor, isa in CAN_RUN.items():
                with self.subTest(processor=processor, network=network):
                    run = Run(self.directory / f"{processor}-{len(network)}")
                    outcome = self.run_on(processor, "--run-dir", run.path, *RECIPE, *network)
                    self.assertEqual(outcome.code, harness.DONE, outcome)
                    for key in ("isa", "blas_core", "weights_sha256", "test_loss"):
                        self.assertEqual(run.summary()[key], here[isa][key])

    def test_too_old(self):
        for processor in TOO_OLD:
            with self.subTest(processor):
                outcome = self.run_on(processor, "--run-dir", self.directory / "run", *RECIPE)
                self.assertEqual(outcome.code, USAGE, outcome)
                said = [line for line in outcome.err.splitlines() if line.startswith(harness.ERROR)]
                self.assertEqual(len(said), 1, outcome)
                self.assertIn("this CPU lacks SSE4.2", said[0])


if __name__ == "__main__":
    if not shutil.which("qemu-x86_64"):
        print("skipped: no qemu-x86_64 (apt-get install qemu-user)")
        sys.exit(SKIPPED)
    harness.main()
