#!/usr/bin/env python3
"""More ranks than cores, hidden from mpirun by a host file, do not crawl: the trainer has waiting
ranks give their core away."""
import os
import sys

sys.dont_write_bytecode = True

import harness

CORES = len(os.sched_getaffinity(0))
BATCH = 16 * 2 * CORES  # a micro-batch for each rank of the larger world
STEPS = 20
RECIPE = ["--batch-size", BATCH, "--epochs", 2, "--threads", 1, "--validation-split", 0]
SLOWER_AT_MOST = 3


class OversubscriptionTest(harness.TrainerTest):
    def seconds(self, ranks):
        """Training time with as many slots as ranks, and Open MPI's own choice about yielding."""
        hosts = self.directory / "hosts"
        hosts.write_text(f"localhost slots={ranks}\n")
        environment = harness.environment(self.scratch, {})
        for name in ("mpi_yield_when_idle", "rmaps_base_oversubscribe"):
            environment.pop(f"OMPI_MCA_{name}", None)
        run = harness.Run(self.directory / f"run-{ranks}")
        command = ["mpirun", "--hostfile", str(hosts), "-np", str(ranks), str(harness.TRAINER), "--run-dir",
                   str(run.path), *map(str, [*harness.data_flags(STEPS * BATCH), *RECIPE])]
        process = harness.Process(command, self.directory, environment)
        self.addCleanup(process.close)
        outcome = process.wait()
        self.assertEqual(outcome.code, harness.DONE, outcome)
        return run.summary()["train_seconds"]

    def test_twice_as_many_ranks_as_cores(self):
        fitting, crowded = self.seconds(CORES), self.seconds(2 * CORES)
        print(f"{CORES} ranks: {fitting:.2f} s, {2 * CORES} ranks: {crowded:.2f} s", file=sys.stderr)
        self.assertLess(crowded, SLOWER_AT_MOST * fitting)


if __name__ == "__main__":
    harness.main()
