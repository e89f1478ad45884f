#!/usr/bin/env python3
"""A call of MPI that fails on one rank ends all of them, with one line that says where and what; no rank waits."""
import os
import pathlib
import sys

sys.dont_write_bytecode = True

import harness
from harness import DONE, ERROR, FAILED, Run

SHIM = pathlib.Path(os.environ.get("CONVOY_FAILING_MPI",
                                   harness.ROOT / "build" / "release" / "tests" / "libfailing_mpi.so"))
RECIPE = [*harness.data_flags(), "--train-limit", 64, "--batch-size", 16, "--micro-batch", 4, "--epochs", 1]
# Shared memory within a host, messages between hosts, and MPI's own sums: (flags, calls on their way).
WAYS = {
    "one host": ([], {}, ["MPI_Init_thread:1", "MPI_Comm_split_type:1", "MPI_Bcast:2", "MPI_Barrier:1",
                          "MPI_Comm_free:1", "MPI_Finalize:1"]),
    "apart": ([], {"CONVOY_TEST_APART": "1"}, ["MPI_Alltoallv:3", "MPI_Allgatherv:2", "MPI_Gatherv:1"]),
    "mpi": (["--reduce", "mpi"], {}, ["MPI_Iallreduce:2", "MPI_Wait:2"]),
}


class MpiErrorsTest(harness.TrainerTest):
    def outcome(self, flags, env, ranks, fails=None):
        variables = {**env, **({"CONVOY_TEST_FAILS": fails} if fails else {})}
        passed = [word for name in ("LD_PRELOAD", *variables) for word in ("-x", name)]
        run = Run(self.directory / f"run-{ranks}-{fails}-{len(env)}-{len(flags)}")
        # mpirun itself is not to be loaded with the failing MPI.
        passed[1] = f"LD_PRELOAD={SHIM}"
        return self.run_trainer("--run-dir", run.path, *RECIPE, *flags, ranks=ranks, env=variables, mpirun=passed)

    def test_failed_call_ends_all_ranks_with_one_line(self):
        for way, (flags, env, calls) in WAYS.items():
            for number, call in enumerate(calls):
                ranks = 2 + number % 2
                failing = number % ranks
                with self.subTest(way, call=call, failing=failing):
                    outcome = self.outcome(flags, env, ranks, f"{call}:{failing}")
                    self.assertEqual(outcome.code, FAILED, outcome)
                    named = [line for line in outcome.trainer_lines() if line.startswith(ERROR)]
                    self.assertEqual(len(named), 1, outcome)
                    self.assertIn(f"rank {failing} on ", named[0])
                    self.assertIn(f"{call.split(':')[0]} failed: ", named[0])

    def test_nothing_fails_unasked(self):
        for way, (flags, env, _) in WAYS.items():
            with self.subTest(way):
                self.assertEqual(self.outcome(flags, env, 2).code, DONE)


if __name__ == "__main__":
    harness.main()
