"""Runs: the directories that trainings leave."""
import json
import os
import pathlib
import typing

from . import programs
from .language import language
from .models import Model
from .picture import Picture, draw

if typing.TYPE_CHECKING:
    import pandas as pd


class Run:
    """A run directory, also of a training that is still under way: everything is read when it is asked for."""

    def __init__(self, directory: str | os.PathLike):
        self.directory = pathlib.Path(directory)
        if not (self.directory / "summary.json").exists():
            raise programs.ConvoyError(f"{self.directory}: no run directory (no summary.json in it)")

    def __repr__(self) -> str:
        return f"convoy.Run({str(self.directory)!r})"

    @property
    def summary(self) -> dict:
        """summary.json: what the run was and how it went (docs/run_directory.md has the keys)."""
        return json.loads((self.directory / "summary.json").read_text())

    @property
    def history(self) -> "pd.DataFrame":
        """loss, accuracy, val_loss, val_accuracy of each finished epoch; the index is the epoch, from 1."""
        import pandas as pd
        metrics = pd.DataFrame(json.loads((self.directory / "history.json").read_text()), dtype=float)
        return metrics.set_axis(pd.RangeIndex(1, len(metrics) + 1, name="epoch"))

    @property
    def steps(self) -> "pd.DataFrame":
        """epoch (from 1), loss, accuracy and images_per_second after each step; the index is the step."""
        import pandas as pd
        steps = pd.read_csv(self.directory / "steps.csv", index_col="step")
        return steps.assign(epoch=steps["epoch"] + 1)

    @property
    def model(self) -> Model:
        """The trained network. A run that has not succeeded has none: ConvoyError."""
        file = self.directory / "model.convoy"
        if not file.exists():
            raise programs.ConvoyError(f"{self.directory}: no model yet; the run is '{self.status()['state']}'")
        return Model(file)

    def status(self) -> dict:
        """state, progress, newest metrics, each rank's times, as `convoy status --json` tells them."""
        return programs.run_json("status", self.directory.absolute())

    def figure(self, name: str, *, format: str = "png", **flags: typing.Any) -> Picture:
        """One of the pictures that `convoy figure` draws: "curves", "confusion", "mistakes", "filters",
        "feature-maps", "noise" or "noise-curve"; its flags by name: layer="conv1", image=12."""
        others = {"compare": os.path.abspath(flags.pop("compare").directory)} if isinstance(flags.get("compare"), Run) else {}
        return draw("figure", name, self.directory.absolute(), *programs.words(lang=language(), **others, **flags),
                    format=format)

    def report(self, data: str | None = None) -> pathlib.Path:
        """Draws all figures and writes report.html, whose path is returned."""
        programs.run("report", self.directory.absolute(), *programs.words(lang=language(), data=data))
        return self.directory / "report.html"


def runs(directory: str | os.PathLike = "runs") -> list[Run]:
    """The runs in a directory, the newest first."""
    found = [path.parent for path in pathlib.Path(directory).glob("*/summary.json")]
    return sorted(map(Run, found), key=lambda run: run.summary.get("start_time") or "", reverse=True)


def newest_run(directory: str | os.PathLike = "runs") -> Run:
    """The newest run in a directory; ConvoyError where there is none."""
    found = runs(directory)
    if not found:
        raise programs.ConvoyError(f"{directory}: no run in it yet; convoy.train() makes one")
    return found[0]


def compare(*some: Run) -> "pd.DataFrame":
    """Runs side by side, a row each: network, parameters, state and the newest metrics."""
    import pandas as pd
    jobs = programs.run_json("compare", *(run.directory.absolute() for run in some))["jobs"]
    rows = [{"network": job["network"], "parameters": job["parameters"], "state": job["state"], **job["metrics"]}
            for job in jobs]
    return pd.DataFrame(rows, index=pd.Index([job["name"] for job in jobs], name="run"))


def compare_figure(*some: Run, format: str = "png") -> Picture:
    """The curves of several runs on the same axes."""
    return draw("compare", *(run.directory.absolute() for run in some), *programs.words(lang=language()),
                flag="figure", format=format)


def samples_figure(count: int = 10, *, data: str | None = None, format: str = "png") -> Picture:
    """The first training images with their labels."""
    return draw("figure", "samples", *programs.words(count=count, data=data, lang=language()), format=format)
