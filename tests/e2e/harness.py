"""Runs the trainer as a user does, and looks at what it leaves: for the end-to-end tests.

The environment says where the program is: CONVOY_TRAINER (ctest sets it).
"""
import contextlib
import functools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import datasets

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "formats"))
import convoy_file  # noqa: E402  (the independent reader of the file formats)

TRAINER = pathlib.Path(os.environ.get("CONVOY_TRAINER", ROOT / "build" / "release" / "bin" / "trainer"))
CONVOY = pathlib.Path(os.environ.get("CONVOY_CLIENT", TRAINER.parent / "convoy"))
# Seconds after which a run counts as hanging: far more than any takes, on a busy machine too.
TIMEOUT = 120
DONE, FAILED, USAGE, STOPPED = 0, 1, 2, 75
POLL_SECONDS = 0.002
KERNEL_FAMILIES = {"avx512": "SkylakeX", "avx2": "Haswell", "baseline": "Nehalem"}  # with OpenBLAS's core
ERROR = "trainer: error: "


@functools.lru_cache
def one_machine():
    """The settings of deploy/lib.sh for ranks that all run on this machine."""
    script = f"source '{ROOT}/deploy/lib.sh'; use_one_machine; env -0"
    listed = subprocess.run(["bash", "-c", script], check=True, capture_output=True).stdout.decode()
    settings = dict(line.split("=", 1) for line in listed.split("\0") if "=" in line)
    return {name: value for name, value in settings.items() if name.startswith("OMPI_")}


def environment(scratch, extra):
    """The tests' environment without what would change a run, plus `extra`."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("CONVOY_", "OMPI_", "OPENBLAS_", "PMIX_", "LANG", "LC_"))}
    shared_memory = {f"OMPI_MCA_{name}": str(scratch) for name in
                     ("orte_tmpdir_base", "btl_vader_backing_directory", "osc_sm_backing_directory")}
    return {**kept, **one_machine(), **shared_memory, **extra}


@functools.lru_cache
def isas():
    """The instruction sets that this machine can run, best first."""
    def is_refused(isa):
        asked = subprocess.run([TRAINER, "--isa", isa, "--data", "/nonexistent"], capture_output=True, text=True,
                               check=False)
        return "lacks the instruction set" in asked.stderr
    return [isa for isa in KERNEL_FAMILIES if not is_refused(isa)]


def is_gone(pid):
    """Whether the process has ended, though its parent may not have asked how."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


class Process:
    """A trainer, or an mpirun with trainers, that is under way."""

    def __init__(self, command, cwd, env, **options):
        self.command = command
        self._out, self._err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        # A session of its own, so that kill_all reaches every rank and nobody else.
        self._process = subprocess.Popen(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL,
                                         stdout=self._out, stderr=self._err,
                                         start_new_session=True, **options)
        self._started = time.monotonic()

    @property
    def pid(self):
        return self._process.pid

    def is_running(self):
        return self._process.poll() is None

    def await_shown(self, text, where="out"):
        """Waits until it has written `text`, bytes, on standard output or (where="err") standard error."""
        deadline = time.monotonic() + TIMEOUT
        file = {"out": self._out, "err": self._err}[where]
        while text not in os.pread(file.fileno(), 1 << 24, 0):  # leaves the position, which it shares, alone
            if not self.is_running() or time.monotonic() > deadline:
                raise AssertionError(f"{text} was not shown: {self.command}\n{self._text()}")
            time.sleep(POLL_SECONDS)

    def signal(self, number):
        self._process.send_signal(number)

    def kill_all(self):
        """kill -9, mpirun and every rank, each of which has a process group of its own and would write on for a while;
        returns when they are gone."""
        ranks = self.ranks() if self.is_running() else []
        for kill, pid in [(os.killpg, self.pid), *((os.kill, rank) for rank in ranks)]:
            with contextlib.suppress(ProcessLookupError):
                kill(pid, signal.SIGKILL)
        while not all(is_gone(rank) for rank in ranks):
            time.sleep(POLL_SECONDS)

    def ranks(self):
        """The process ids of mpirun's ranks."""
        listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.pid)], capture_output=True,
                                text=True, check=False).stdout
        return [int(pid) for pid in listed.split()]

    def wait(self, timeout=TIMEOUT):
        """Waits for its end; one that takes longer is killed and fails the test."""
        try:
            code = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill_all()
            self._process.wait()
            raise AssertionError(f"still running after {timeout} s: {self.command}\n{self._text()}") from None
        seconds = time.monotonic() - self._started
        self.kill_all()  # whatever mpirun left
        out, err = self._read(self._out), self._read(self._err)
        return Outcome(self.command, code, out, err, seconds)

    def close(self):
        if self.is_running():
            self.kill_all()
            self._process.wait()
        self._out.close()
        self._err.close()

    def _text(self):
        return self._read(self._out) + self._read(self._err)

    @staticmethod
    def _read(file):
        file.seek(0)
        return file.read().decode(errors="replace")


class Outcome:
    """How a process ended."""

    def __init__(self, command, code, out, err, seconds):
        self.command, self.code, self.out, self.err, self.seconds = command, code, out, err, seconds

    def trainer_lines(self):
        """What the trainers wrote on standard error: without mpirun's own framed notices."""
        without_frames = re.sub(r"^-{20,}\n.*?^-{20,}\n", "", self.err, flags=re.DOTALL | re.MULTILINE)
        return [line for line in without_frames.splitlines() if line.strip()]

    def __str__(self):
        command = " ".join(str(word) for word in self.command)
        return f"exit code {self.code} after {self.seconds:.1f} s: {command}\n{self.out}{self.err}"


class Run:
    """A run directory."""

    def __init__(self, path):
        self.path = pathlib.Path(path)

    def summary(self):
        return json.loads((self.path / "summary.json").read_text())

    def history(self):
        return json.loads((self.path / "history.json").read_text())

    def checkpoints(self):
        """The checkpoint files, oldest first."""
        return sorted((self.path / "checkpoints").glob("step-*.convoy"))

    def model(self):
        return convoy_file.Container((self.path / "model.convoy").read_bytes())

    def position(self):
        """The newest checkpoint's (epoch, step in it), both from 0."""
        training = convoy_file.describe_training(convoy_file.Container(self.checkpoints()[-1].read_bytes()))
        return training["epoch"], training["step_in_epoch"]

    def weights(self):
        """The trained tensors: (name, trainable, array)."""
        return convoy_file.read_tensors(self.model())

    def bits(self):
        """All that the promise of the same bits covers."""
        summary = self.summary()
        numbers = ("weights_sha256", "test_loss", "test_accuracy", "validation_accuracy", "steps")
        files = ("model.convoy", "history.json", "history.csv")
        last = convoy_file.Container(self.checkpoints()[-1].read_bytes())
        return {**{name: summary[name] for name in numbers},
                **{name: convoy_file.sha256((self.path / name).read_bytes()) for name in files},
                self.checkpoints()[-1].name: last.covered_sha256()}

    def temporary_files(self):
        return [path.name for path in self.path.rglob("*.tmp")]


class TrainerTest(unittest.TestCase):
    """A test with a directory of its own, where no process survives."""

    maxDiff = None

    def setUp(self):
        self.directory = pathlib.Path(self.enter(tempfile.TemporaryDirectory(prefix="convoy-e2e.")))
        # Open MPI's shared memory, in memory where there is room.
        parent = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.scratch = self.enter(tempfile.TemporaryDirectory(prefix="convoy-e2e.", dir=parent))
        self._runs = 0

    def enter(self, context):  # unittest has its own from python 3.11 on
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        return stack.enter_context(context)

    def start(self, *flags, ranks=0, env=None, unset=(), mpirun=(), program=TRAINER, **options):
        """Starts the trainer, under mpirun with `ranks` ranks unless that is 0; without the variables `unset`."""
        command = [str(program), *map(str, flags)]
        if ranks:
            command = ["mpirun", *mpirun, "-np", str(ranks), *command]
        variables = environment(self.scratch, env or {})
        for name in unset:
            variables.pop(name, None)
        process = Process(command, self.directory, variables, **options)
        self.addCleanup(process.close)
        return process

    def run_trainer(self, *flags, timeout=TIMEOUT, **where):
        return self.start(*flags, **where).wait(timeout)

    def train(self, *flags, expect=DONE, run=None, **where):
        """Trains in a new run directory (or `run`'s) and returns it."""
        self._runs += 1
        run = run or Run(self.directory / f"run-{self._runs}")
        outcome = self.run_trainer("--run-dir", run.path, *flags, **where)
        self.assertEqual(outcome.code, expect, outcome)
        return run

    def convoy(self, *arguments, expect=DONE, env=None, **variables):
        """Runs `convoy`, whose user is at home in the test's directory."""
        outcome = self.run_trainer(*arguments, program=CONVOY,
                                   env={"HOME": str(self.directory), **(env or {}), **variables})
        self.assertEqual(outcome.code, expect, outcome)
        return outcome

    def json(self, *arguments, **where):
        return json.loads(self.convoy(*arguments, "--json", **where).out)

    def assert_refused(self, outcome, code, *words):
        """One line of error that has all the words, and the exit code."""
        lines = outcome.trainer_lines()
        self.assertEqual(outcome.code, code, outcome)
        self.assertEqual([line for line in lines if not line.startswith(ERROR)], [], outcome)
        self.assertEqual(len(lines), 1, outcome)
        for word in words:
            self.assertIn(word, lines[0], outcome)

    def hold(self, before_step=1, at="before_step"):
        hold = Hold(before_step, at)
        self.addCleanup(hold.let_go)
        return hold

    def await_checkpoint(self, process, run, count=1):
        """Waits until the run has that many checkpoints of which none existed before the call."""
        before = set(run.checkpoints())
        deadline = time.monotonic() + TIMEOUT
        while len(set(run.checkpoints()) - before) < count:
            self.assertTrue(process.is_running(), "ended before its checkpoint")
            self.assertLess(time.monotonic(), deadline, "no checkpoint in time")
            time.sleep(POLL_SECONDS)

    def stop(self, run, *flags, number=signal.SIGTERM, before_step=5, env=None, **where):
        """Trains some steps, then has each process ask itself to stop: in the middle of an epoch."""
        outcome = self.run_trainer("--run-dir", run.path, "--checkpoint-every", 1, *flags,
                                   env={**(env or {}), **signal_before_step(before_step, number)}, **where)
        self.assertEqual(outcome.code, STOPPED, outcome)
        epoch, step = run.position()
        self.assertGreater(step, 0, "stopped between two epochs")
        return epoch, step


class Hold:
    """Holds a training, by its environment `env`, before a step (from 1), or where it comes to another failpoint,
    until it is let go; what it reports and writes beside goes on."""

    def __init__(self, before_step, at="before_step"):
        file, self._path = tempfile.mkstemp(prefix="convoy-hold.")
        os.close(file)
        self.env = {"CONVOY_FAILPOINT": f"{at}:{before_step}", "CONVOY_FAILPOINT_HOLD": self._path}

    def let_go(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path)


def is_stopped(pid):
    """Whether a process stands still (SIGSTOP)."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return state.startswith("T")


def signal_before_step(step, number):
    """The environment in which a trainer sends itself a signal before its step-th step, from 1."""
    return {"CONVOY_FAILPOINT": f"before_step:{step}", "CONVOY_FAILPOINT_SIGNAL": str(int(number))}


def data_flags(train=datasets.TRAIN_IMAGES):
    """The flag that names the tests' data, made once a process."""
    return ["--data", datasets.directory(train)]


def main():
    shutil.which("mpirun") or sys.exit("mpirun is missing: install openmpi-bin")
    unittest.main(verbosity=2)
