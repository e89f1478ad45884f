#!/usr/bin/env python3
"""Ranks that do not fit together: one line that says which rank differs in what, exit code 2, and
no rank is left waiting."""
import shutil
import sys

sys.dont_write_bytecode = True

import harness
from harness import TRAINER, USAGE


class BadWorldTest(harness.TrainerTest):
    def refuse(self, *words, first=(), other=(), ranks=2, program=TRAINER, code=USAGE):
        """Starts one rank with the flags `first`, the rest with `other`."""
        run = self.directory / "run"
        common = [*harness.data_flags(), "--run-dir", run]
        outcome = self.run_trainer(*common, *first, ":", "-np", ranks - 1, program, *common, *other,
                                   ranks=1, timeout=60)
        self.assert_refused(outcome, code, *words)
        self.assertFalse(run.exists())

    def test_another_build(self):
        copy = self.directory / "trainer"
        shutil.copy(TRAINER, copy)
        with open(copy, "ab") as file:
            file.write(b"\0")
        for ranks in (2, 3):
            self.refuse("rank 1", "build of the program", ranks=ranks, program=copy)

    def test_other_flags(self):
        self.refuse("rank 1", "seed: 43", other=["--seed", 43])
        self.refuse("rank 1", "seed: 43", other=["--seed", 43], ranks=3)
        self.refuse("rank 1", "epochs: 2", first=["--epochs", 3], other=["--epochs", 2])
        self.refuse("rank 1", "--checkpoint-every", other=["--checkpoint-every", 3])
        self.refuse("rank 1", "--resume", first=["--resume"])

    def test_another_instruction_set(self):
        for isa in harness.isas()[1:]:
            self.refuse("rank 1", "instruction set", isa, other=["--isa", isa])

    def test_wrong_flag_on_one_rank(self):
        self.refuse("rank 1", "--bach-size", other=["--bach-size", 3])
        self.refuse("--bach-size", first=["--bach-size", 3], ranks=3)

    def test_help_on_one_rank(self):
        self.refuse("rank 1", "--help", other=["--help"])
        self.refuse("rank 1", "--help", first=["--version"], ranks=3)

    def test_mpirun_of_another_mpi(self):
        # Its processes are told that there are two, and find themselves alone. The first speaks.
        flags = [*harness.data_flags(), "--run-dir", self.directory / "run"]
        outcome = self.run_trainer(*flags, env={"PMI_SIZE": "2", "PMI_RANK": "0"})
        self.assert_refused(outcome, USAGE, "mpirun", "started 2", "another MPI")
        outcome = self.run_trainer(*flags, env={"PMI_SIZE": "2", "PMI_RANK": "1"})
        self.assertEqual((outcome.code, outcome.out, outcome.err), (USAGE, "", ""))


if __name__ == "__main__":
    harness.main()
