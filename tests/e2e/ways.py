"""The ways of training that must not show in what is trained."""
import signal

import harness
from harness import Run

# name, flags, ranks of mpirun. 128 images are 8 micro-batches: of 9 ranks one has nothing to do.
ALL = [
    ("--threads 2", ["--threads", 2], 0),
    *[(f"mpirun -np {ranks}", [], ranks) for ranks in (1, 2, 3, 4, 5)],
    ("mpirun -np 2 --threads 3", ["--threads", 3], 2),
    ("--local-ranks 3", ["--local-ranks", 3], 0),
    ("--local-ranks 9", ["--local-ranks", 9], 0),
]
FEW = [("mpirun -np 3", [], 3), ("--local-ranks 2 --threads 2", ["--local-ranks", 2, "--threads", 2], 0)]


class WaysTest(harness.TrainerTest):
    def check(self, recipe, ways, env=None):
        """Trains in one thread and in all the ways; returns the bits, which are the same."""
        alone = self.train(*recipe, "--threads", 1, env=env).bits()
        for name, flags, ranks in ways:
            with self.subTest(name):
                self.assertEqual(self.train(*recipe, *flags, ranks=ranks, env=env).bits(), alone)
        return alone

    def stop_twice(self, recipe, env=None):
        """Trains with two breaks in the middle of an epoch, with other ranks and threads after each;
        returns the bits."""
        run = Run(self.directory / "stopped-twice")
        first = self.stop(run, *recipe, ranks=2, number=signal.SIGUSR1, env=env)
        second = self.stop(run, *recipe, "--resume", "--threads", 3, number=signal.SIGTERM, env=env)
        self.assertGreater(second, first)
        self.train(*recipe, "--resume", "--threads", 2, ranks=3, run=run, env=env)
        self.assertEqual(run.summary()["restarts"], 2)
        return run.bits()
