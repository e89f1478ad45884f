"""Images as numpy arrays: read from MNIST's files, and written as PNG files for the programs."""
import gzip
import os
import pathlib
import struct
import typing
import zlib

from .programs import ConvoyError

if typing.TYPE_CHECKING:
    import numpy as np

FILES = {"train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
         "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")}
UNSIGNED_BYTES = 8  # the type of IDX files that is read here
COLOUR_TYPES = {1: 0, 3: 2}  # PNG's: grey, RGB


def load_images(split: str = "train", data: str | os.PathLike | None = None) -> "tuple[np.ndarray, np.ndarray]":
    """Images (N, height, width) and labels (N), unsigned bytes, of MNIST's four files, gzipped or not.

    split: "train" or "test". data: their directory; without it they are looked for where the trainer looks. Files that
    are not there are a ConvoyError.
    """
    if split not in FILES:
        raise ValueError(f"split {split!r}: known are train and test")
    images, labels = (_read(_find(name, data)) for name in FILES[split])
    if len(images) != len(labels):
        raise ConvoyError(f"{len(images)} images but {len(labels)} labels of '{split}': the files belong to different data")
    return images, labels


def _find(name: str, data: str | os.PathLike | None) -> pathlib.Path:
    named = data or os.environ.get("CONVOY_DATA")
    folders = [pathlib.Path(named)] if named else [pathlib.Path("data/mnist"),
                                                   pathlib.Path.home() / ".cache" / "convoy" / "mnist"]
    for folder in folders:
        for form in (name, name.replace("-idx", ".idx")):
            for path in (folder / form, folder / (form + ".gz")):
                if path.exists():
                    return path
    raise ConvoyError(f"no {name} in {', '.join(map(str, folders))}: deploy/get-mnist.sh gets MNIST, and data= names "
                      "another directory")


def _read(path: pathlib.Path) -> "np.ndarray":
    import numpy as np
    content = path.read_bytes()
    try:
        content = gzip.decompress(content) if path.suffix == ".gz" else content
        zero, kind, rank = struct.unpack_from(">HBB", content)
        shape = struct.unpack_from(f">{rank}I", content, 4)
        if zero != 0 or kind != UNSIGNED_BYTES:
            raise ValueError("not an IDX file of unsigned bytes")
        return np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(shape)
    except (ValueError, struct.error, OSError, EOFError, zlib.error) as error:
        raise ConvoyError(f"{path}: {error}; get it again with deploy/get-mnist.sh") from error


def as_bytes(images: typing.Any) -> "np.ndarray":
    """Images as unsigned bytes (N, height, width, channels), N being 1 for a single one.

    Floats go from 0 to 1 and are rounded to the nearest of 256 values; whole numbers go from 0 to 255. (N, height,
    width), (N, height, width, channels) and one (height, width) are taken. ValueError for anything else.
    """
    import numpy as np
    images = np.asarray(images)
    if images.ndim == 2:
        images = images[np.newaxis]
    if images.ndim == 3:
        images = images[..., np.newaxis]
    if images.ndim != 4 or images.shape[-1] not in COLOUR_TYPES or 0 in images.shape[1:3]:
        raise ValueError(f"images of shape {images.shape}: (N, height, width) or (N, height, width, 1 or 3) is needed")
    if images.dtype == np.uint8:
        return images
    if images.dtype.kind not in "iuf":
        raise ValueError(f"images of type {images.dtype}: numbers are needed")
    is_real, top = images.dtype.kind == "f", 1 if images.dtype.kind == "f" else 255
    if images.size and not (images.min() >= 0 and images.max() <= top):  # false for NaN, too
        raise ValueError(f"images hold values from {images.min()} to {images.max()}: "
                         f"{'floats' if is_real else 'whole numbers'} go from 0 to {top}")
    return np.rint(images * 255).astype(np.uint8) if is_real else images.astype(np.uint8)


def png(image: "np.ndarray") -> bytes:
    """One image of unsigned bytes (height, width, channels) as a PNG file."""
    height, width, channels = image.shape
    header = struct.pack(">IIBBBBB", width, height, 8, COLOUR_TYPES[channels], 0, 0, 0)
    rows = b"".join(b"\0" + row.tobytes() for row in image)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
