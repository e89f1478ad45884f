"""Sweeps: a training for each seed and each combination of values."""
import dataclasses
import os
import pathlib
import typing

from . import programs
from .runs import Run

if typing.TYPE_CHECKING:
    import pandas as pd


@dataclasses.dataclass(frozen=True)
class Sweep:
    """What came out: `table` has a row a training, `best` is the run with the highest validation accuracy."""
    directory: pathlib.Path
    table: "pd.DataFrame"
    best: Run | None


def sweep(recipe: str | os.PathLike, *, seeds: str | typing.Sequence[int] | None = None,
          values: typing.Mapping[str, typing.Sequence[typing.Any]] | None = None,
          directory: str | os.PathLike | None = None, jobs: int | None = None, data: str | None = None) -> Sweep:
    """Trains `recipe` (a name or a file) once for each seed and each combination of `values`, side by side.

    seeds: "1..5" or [1, 2, 3]. values: {"learning_rate": [0.001, 0.002]}. The same call again goes on where it was
    stopped.
    """
    sets = [word for field, some in (values or {}).items()
            for word in programs.words(set=f"{field}={','.join(map(str, some))}")]
    found = programs.run_json("sweep", recipe, *programs.words(seeds=seeds, directory=directory, jobs=jobs, data=data), *sets)
    best = found["best"]
    return Sweep(pathlib.Path(found["directory"]), _table(found["runs"]), Run(best["run_directory"]) if best else None)


def _table(found: list[dict]) -> "pd.DataFrame":
    import pandas as pd
    return pd.DataFrame([{**run["settings"], "seed": run["seed"], "state": run["state"], **(run["metrics"] or {}),
                          "run_directory": run["run_directory"]} for run in found])
