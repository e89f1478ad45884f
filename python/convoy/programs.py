"""Finds Convoy's programs, runs them, and turns their failures into exceptions."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import typing

from .language import environment

TREE = pathlib.Path(os.path.abspath(__file__)).parents[2]  # as it was found: a link may lead elsewhere
STOPPED = 75  # the trainer's exit code for "stopped on request, with a checkpoint"


class ConvoyError(RuntimeError):
    """A program of Convoy failed. Its text is the one line that the program wrote about it.

    exit_code: the program's: 1 failed, 2 wrong usage or input; None where no program ran.
    command: what was run, a list of words.
    """

    def __init__(self, message: str, exit_code: int | None = None, command: typing.Sequence[str] = ()):
        super().__init__(message)
        self.exit_code, self.command = exit_code, list(command)


class Stopped(ConvoyError):
    """A training was stopped on request; its checkpoint is written, and train(resume=True) goes on."""


def find_program(name: str) -> str:
    """The path of `convoy`, `trainer` or `coordinator`: in $CONVOY_BIN, the tree's build, or on the PATH."""
    named = os.environ.get("CONVOY_BIN")
    folders = [pathlib.Path(named)] if named else [TREE / "build" / "release" / "bin"]
    for folder in folders:
        if os.access(folder / name, os.X_OK):
            return str(folder / name)
    on_path = None if named else shutil.which(name)
    if on_path is None:
        raise ConvoyError(f"{name} is neither in {' nor in '.join(map(str, folders))}"
                          f"{'' if named else ' nor on the PATH'}: build it with deploy/quickstart.sh, or set CONVOY_BIN "
                          "to the directory that holds the programs")
    return on_path


def words(**flags: typing.Any) -> list[str]:
    """Keyword arguments as flags: batch_size=64 is --batch-size 64, True a bare flag, None and False nothing, a
    sequence a list with commas."""
    return [word for name, value in flags.items() for word in _flag("--" + name.replace("_", "-"), value)]


def _flag(flag: str, value: typing.Any) -> list[str]:
    if value is None or value is False:
        return []
    if value is True:
        return [flag]
    if isinstance(value, (list, tuple, range)):
        value = ",".join(map(str, value))
    return [f"{flag}={value}"]  # one word, so that a value may begin with a dash


def start(name: str, arguments: typing.Iterable[typing.Any], **options: typing.Any) -> subprocess.Popen:
    """Starts a program in a session of its own: a notebook's interrupt reaches Python alone, which decides."""
    command = [find_program(name), *map(str, arguments)]
    return subprocess.Popen(command, env=environment(), stdin=subprocess.DEVNULL, start_new_session=True, **options)


def run(*arguments: typing.Any, cwd: str | os.PathLike | None = None) -> str:
    """Runs `convoy` and returns what it printed. What it notes on standard error is passed on."""
    process = start("convoy", arguments, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        out, notes = (stream.decode(errors="replace") for stream in process.communicate())
    except BaseException:
        process.kill()
        process.wait()
        raise
    check(process.returncode, notes, process.args)
    sys.stderr.write(notes)
    return out


def run_json(*arguments: typing.Any, cwd: str | os.PathLike | None = None) -> typing.Any:
    """Runs `convoy ... --json` and returns what it printed, parsed."""
    return json.loads(run(*arguments, "--json", cwd=cwd))


def check(exit_code: int, notes: str, command: typing.Sequence[str]) -> None:
    """Raises what an exit code other than 0 means; `notes` is the program's standard error."""
    if exit_code == 0:
        return
    kind = Stopped if exit_code == STOPPED else ConvoyError
    raise kind(_error_line(notes) or f"{pathlib.Path(command[0]).name} ended with {_how(exit_code)}", exit_code, command)


def _error_line(notes: str) -> str:
    """The program's error without its name, or the last line that it wrote."""
    lines = [line for line in notes.splitlines() if line.strip()]
    errors = [line.split(": error: ", 1)[1] for line in lines if ": error: " in line]
    return (errors or lines or [""])[-1]


def _how(exit_code: int) -> str:
    return f"signal {-exit_code}" if exit_code < 0 else f"exit code {exit_code}"
