"""Trainings, started and followed from Python."""
import atexit
import os
import pathlib
import secrets
import signal
import subprocess
import sys
import tempfile
import time
import typing

from . import live, programs
from .runs import Run

LOOK_SECONDS = 0.5  # between two looks at a training that is under way


def train(model: str | os.PathLike | None = None, *, run_dir: str | os.PathLike | None = None, ranks: int = 1,
          show_progress: bool = True, **flags: typing.Any) -> Run:
    """Trains a network and returns its run when it is done.

    model: one of Convoy's networks by name, or a FILE.textproto (the notebook's network). run_dir: where the results go
    (a new directory in runs). ranks: 1 is a trainer on all cores, more are as many processes under `convoy run`, which
    goes on by itself after a fault. Other flags of the trainer by their names: epochs=5, learning_rate=0.002,
    recipe="improved", train_limit=1000, resume=True.

    In a notebook a curve grows in the cell; elsewhere each epoch is a line. An interrupt (the notebook's stop button,
    Ctrl-C) stops the training with a checkpoint and raises Stopped, and resume=True goes on. When Python itself ends, the
    training is stopped likewise. A training that fails raises ConvoyError with the trainer's own line.
    """
    directory = pathlib.Path(run_dir) if run_dir is not None else _new_directory()
    arguments = programs.words(model=model, run_dir=directory, **flags)
    program = "trainer"
    if ranks != 1:
        program, arguments = "convoy", ["run", "-np", ranks, "--", *arguments]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as notes:
        process = programs.start(program, arguments, stdout=out, stderr=notes)
        _follow(process, live.view_of(directory, out) if show_progress else live.NoView())
        notes.seek(0)
        said = notes.read().decode(errors="replace")
    programs.check(process.returncode, said, process.args)
    sys.stderr.write(said)
    return Run(directory)


def _new_directory() -> pathlib.Path:
    return pathlib.Path("runs", f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}")


def _follow(process: subprocess.Popen, view: typing.Any) -> None:
    """Keeps the view up to date until the process has ended."""
    atexit.register(process.send_signal, signal.SIGTERM)
    is_asked_to_stop = False
    try:
        while process.returncode is None:
            try:
                view.update()
                process.wait(LOOK_SECONDS)
            except subprocess.TimeoutExpired:
                pass
            except KeyboardInterrupt:
                # The first asks for a checkpoint. A second one of the user's ends the trainer at once, as on a terminal.
                process.send_signal(signal.SIGTERM)
                is_asked_to_stop = True
        view.finish()
    except BaseException:
        if not is_asked_to_stop:
            process.send_signal(signal.SIGTERM)
        process.wait()
        raise
    finally:
        atexit.unregister(process.send_signal)
