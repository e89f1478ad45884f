"""Trained networks: evaluated, asked, drawn and exported by the program `convoy`."""
import dataclasses
import os
import pathlib
import tempfile
import typing

from . import images as pixels
from . import programs
from .language import language
from .picture import Picture, draw

if typing.TYPE_CHECKING:
    import numpy as np
    import pandas as pd

FILES_A_CALL = 2000  # pictures that one call of the program is given: a command line has its limits


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """What came out of an evaluation: `loss` and `accuracy` (0 to 1) over `images` images, and the tables."""
    loss: float
    accuracy: float
    images: int
    split: str
    confusion: "pd.DataFrame"  # a row a true class, a column what it was taken for; counts
    classes: "pd.DataFrame"  # precision, recall, f1 and images of each class
    mistakes: "pd.DataFrame"  # the surest first
    trained_with_these_images: bool | None  # None: not known


class Model:
    """A trained network: a FILE.convoy, or a run directory that holds one."""

    def __init__(self, path: str | os.PathLike):
        self.path = pathlib.Path(path)

    def __repr__(self) -> str:
        return f"convoy.Model({str(self.path)!r})"

    def summary(self) -> str:
        """The table of layers as Keras prints it, the weights' hash and the recipe."""
        return programs.run("show", *self._model())

    def evaluate(self, split: str = "test", *, data: str | None = None, noise: float = 0, seed: int = 42,
                 mistakes: int = 10) -> Evaluation:
        """Loss, accuracy and scores of each class, with gaussian noise of that standard deviation on the pixels."""
        import pandas as pd
        found = programs.run_json("evaluate", *self._model(), *programs.words(
            split=split, data=data, noise=noise, seed=seed, mistakes=mistakes))
        classes = pd.DataFrame(found["classes"])
        names = pd.Index([row["class_name"] or row["label"] for row in found["classes"]], name="label")
        confusion = pd.DataFrame(found["confusion_matrix"], index=names, columns=names.rename("read as"))
        return Evaluation(found["loss"], found["accuracy"], found["images"], found["split"], confusion,
                          classes.set_index(names).drop(columns=["label", "class_name"]),
                          pd.DataFrame(found["mistakes"]), found["trained_with_these_images"])

    def noise(self, levels: typing.Sequence[float] = (0, 0.1, 0.2, 0.3, 0.4, 0.5), *, split: str = "test",
              data: str | None = None, seed: int = 42) -> "pd.DataFrame":
        """Accuracy against the level of noise; the index is the level."""
        import pandas as pd
        found = programs.run_json("noise", *self._model(), *programs.words(levels=list(levels), split=split, data=data,
                                                                           seed=seed))
        return pd.DataFrame(found["levels"]).rename(columns={"noise_level": "level"}).set_index("level")

    def predict(self, pictures: typing.Any, *, prepare: bool | None = None) -> "np.ndarray":
        """The probability of each class: an array (N, classes).

        pictures: a PNG or JPEG file, a list of such, or a numpy array as images.as_bytes takes it. prepare: cut out,
        scale and centre the digit as training images are; by default files are prepared and arrays are not.
        """
        import numpy as np
        return np.array([row["probabilities"] for row in self._answers(pictures, prepare)])

    def labels(self, pictures: typing.Any, *, prepare: bool | None = None) -> "np.ndarray":
        """What predict holds most likely: the class numbers, an array (N)."""
        import numpy as np
        return np.array([row["label"] for row in self._answers(pictures, prepare)], dtype=int)

    def predict_figure(self, picture: str | os.PathLike, *, format: str = "png") -> Picture:
        """A picture file, what the network saw of it, and a bar for the probability of each class."""
        return draw("predict", str(pathlib.Path(picture).absolute()), *self._model(), *programs.words(lang=language()),
                    flag="figure", format=format)

    def figure(self, name: str, *, format: str = "png", **flags: typing.Any) -> Picture:
        """One of the pictures that `convoy figure` draws; its flags by name: layer="conv1", image=12, count=20."""
        return draw("figure", name, *self._model(), *programs.words(lang=language(), **flags), format=format)

    def export(self, path: str | os.PathLike, format: str, *, verify: bool = False) -> pathlib.Path:
        """Writes the network for another program: format "keras", "tfjs" or "onnx". Returns the path."""
        programs.run("export", *self._model(), *programs.words(format=format, output=path, verify=verify))
        return pathlib.Path(path)

    def _model(self) -> list[str]:
        return programs.words(model=self.path.absolute())

    def _answers(self, pictures: typing.Any, prepare: bool | None) -> list[dict]:
        if isinstance(pictures, (str, os.PathLike)):
            pictures = [pictures]
        if isinstance(pictures, (list, tuple)) and all(isinstance(one, (str, os.PathLike)) for one in pictures):
            return self._ask([str(pathlib.Path(one).absolute()) for one in pictures], prepare is False)
        return self._ask_arrays(pixels.as_bytes(pictures), not prepare)

    def _ask_arrays(self, images: "np.ndarray", as_is: bool) -> list[dict]:
        with tempfile.TemporaryDirectory(prefix="convoy-images.") as directory:
            names = [f"{number}.png" for number in range(len(images))]
            for name, image in zip(names, images):
                pathlib.Path(directory, name).write_bytes(pixels.png(image))
            return self._ask(names, as_is, cwd=directory)

    def _ask(self, files: list[str], as_is: bool, cwd: str | None = None) -> list[dict]:
        calls = (files[first:first + FILES_A_CALL] for first in range(0, len(files), FILES_A_CALL))
        return [answer for call in calls
                for answer in programs.run_json("predict", *self._model(), *programs.words(as_is=as_is), *call, cwd=cwd)]


def show(name: str | os.PathLike) -> str:
    """A network that is not trained yet: its table, multiplications and memory. A FILE.textproto, or one of Convoy's
    own networks and recipes by name."""
    return programs.run("show", name)
