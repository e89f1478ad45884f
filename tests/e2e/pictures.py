"""Small sets of colour pictures in a folder a class, drawn here; written as PNG by zlib alone, as JPEG by the guide's
script."""
import pathlib
import struct
import sys
import zlib

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "docs" / "guide"))

from draw_photos import jpeg

CLASSES = ["blaue Schraube", "red nut", "зелёная гайка"]  # in the order of their bytes
_COLOURS = [(40, 60, 200), (210, 50, 40), (40, 190, 60)]


def png(pixels):
    """Returns the PNG file of bytes [height, width] or [height, width, 3 or 4]."""
    pixels = np.ascontiguousarray(pixels, dtype=np.uint8)
    height, width = pixels.shape[:2]
    kind = {1: 0, 3: 2, 4: 6}[1 if pixels.ndim == 2 else pixels.shape[2]]

    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def draw(label, number, height=40, width=52):
    """A picture of a class: a disk of its colour somewhere on a speckled ground."""
    random = np.random.default_rng([label, number])
    y, x = np.mgrid[:height, :width]
    center = random.uniform(0.3, 0.7, 2) * (height, width)
    disk = (y - center[0]) ** 2 + (x - center[1]) ** 2 < (0.25 * height) ** 2
    ground = random.integers(90, 150, (height, width, 3))
    colour = np.array(_COLOURS[label]) + random.integers(-30, 30, 3)
    return np.clip(np.where(disk[..., None], colour, ground), 0, 255).astype(np.uint8)


def write_folders(directory, train=30, test=10, encode=png, **sizes):
    """Writes train/CLASS/N.png and test/CLASS/N.png, or with `encode` jpeg N.jpg, and returns the directory."""
    directory = pathlib.Path(directory)
    suffix = "jpg" if encode is jpeg else "png"
    for part, first, count in ("train", 0, train), ("test", 1000, test):
        for label, name in enumerate(CLASSES):
            folder = directory / part / name
            folder.mkdir(parents=True)
            for number in range(first, first + count):
                (folder / f"{number}.{suffix}").write_bytes(encode(draw(label, number, **sizes)))
    return directory


def png_of_size(height, width):
    """A file whose header promises that size."""
    whole = png([[0]])
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return whole[:16] + header + struct.pack(">I", zlib.crc32(b"IHDR" + header)) + whole[33:]
