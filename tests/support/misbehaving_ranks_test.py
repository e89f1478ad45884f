#!/usr/bin/env python3
"""Ranks under mpirun that do wrong are ended at once, and named. Usage: MPIRUN_SH PROGRAM"""
import subprocess
import sys
import unittest

MPIRUN, PROGRAM = sys.argv[1:3]


def run(what: str) -> subprocess.CompletedProcess:
    return subprocess.run([MPIRUN, "2", PROGRAM, what], text=True, capture_output=True, timeout=50)


class MisbehavingRanksTest(unittest.TestCase):
    def test_watchdog_names_the_rank_that_never_comes(self):
        result = run("missing")
        self.assertEqual(result.returncode, 3, result.stderr)
        self.assertRegex(result.stderr, r"watchdog: rank 0 has waited \d+ ms in Barrier, its collective number 1; "
                                        r"missing: rank 1 \(0 begun, last: none\)")

    def test_failed_check_ends_all_ranks_also_without_a_communicator(self):
        result = run("late")
        self.assertEqual(result.returncode, 4, result.stderr)
        self.assertIn("check failed", result.stderr)

    def test_failed_check_after_the_end_of_mpi_is_told_without_mpi(self):
        result = run("after")
        self.assertEqual(result.returncode, 4, result.stderr)
        self.assertIn("check failed", result.stderr)
        self.assertNotIn("MPI_FINALIZE", result.stderr.upper())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
