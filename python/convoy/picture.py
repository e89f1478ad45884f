"""Pictures that a notebook shows inline and that can be saved."""
import os
import pathlib
import tempfile
import typing

from . import images, programs

MIME = {"png": "image/png", "svg": "image/svg+xml"}


class Picture:
    """A picture as the bytes of a PNG or SVG file; `format` says which."""

    def __init__(self, data: bytes, format: str = "png"):
        self.data, self.format = data, format

    def save(self, path: str | os.PathLike) -> None:
        """Writes the file, whose name has to end as the picture's format is called."""
        path = pathlib.Path(path)
        if path.suffix != "." + self.format:
            raise ValueError(f"{path}: this is a picture of format {self.format}; name it {path.stem}.{self.format}")
        path.write_bytes(self.data)

    def _repr_mimebundle_(self, include: typing.Any = None, exclude: typing.Any = None) -> dict:
        """What IPython shows."""
        return {MIME[self.format]: self.data.decode() if self.format == "svg" else self.data,
                "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"<convoy.Picture: {self.format}, {len(self.data)} bytes>"


def picture_of(image: typing.Any, zoom: int = 1) -> Picture:
    """A numpy image (height, width) or (height, width, 3) as a picture, each pixel a square of `zoom` pixels; values as
    images.as_bytes takes them."""
    import numpy as np
    image = np.asarray(image)
    if image.ndim not in (2, 3):
        raise ValueError(f"an image of shape {image.shape}: (height, width) or (height, width, 3) is needed")
    pixels = images.as_bytes(image if image.ndim == 2 else image[np.newaxis])[0]
    return Picture(images.png(pixels.repeat(zoom, axis=0).repeat(zoom, axis=1)))


def draw(*arguments: typing.Any, flag: str = "output", format: str = "png") -> Picture:
    """The picture that a command of `convoy` writes into the file that `flag` names."""
    if format not in MIME:
        raise ValueError(f"format {format!r}: known are png and svg")
    with tempfile.TemporaryDirectory(prefix="convoy-picture.") as directory:
        file = pathlib.Path(directory) / f"figure.{format}"
        programs.run(*arguments, *programs.words(**{flag: file}))
        return Picture(file.read_bytes(), format)
