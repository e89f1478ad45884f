#!/usr/bin/env python3
"""Draws photographs of screws, nuts and washers, as a phone leaves them: draw_photos.py FOLDER [PHOTOS A CLASS].

Each class gets a folder of JPEG files, taken from above, on tables of any colour, in any light; the phone was held
upright or lying, which only the files' EXIF says.
"""
import functools
import pathlib
import struct
import sys

import numpy as np

CLASSES = "nut", "screw", "washer"
HEIGHT, WIDTH = 144, 192
HELD = 1, 6, 3, 8  # values of EXIF's orientation: how a phone may be held

# ITU-T T.81 (the JPEG standard), Annex K: the quantization of brightness, and its Huffman tables, here for colours too.
QUANTIZATION = np.array([
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
    18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101,
    72, 92, 95, 98, 112, 100, 103, 99]).reshape(8, 8)
DC = bytes.fromhex("00010501010101010100000000000000"), bytes(range(12))
AC = bytes.fromhex("0002010303020403050504040000017d"), bytes.fromhex(
    "01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435363738393a43444546"
    "4748494a535455565758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8"
    "b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa")
ZIGZAG = sorted(range(64), key=lambda i: (i // 8 + i % 8, (i // 8 if (i // 8 + i % 8) % 2 else i % 8)))
DCT = np.array([[(1 if k else 0.5 ** 0.5) / 2 * np.cos((2 * x + 1) * k * np.pi / 16) for x in range(8)] for k in range(8)])


def huffman(table):
    """The code of each symbol, as text of 0 and 1."""
    codes, code, symbols = {}, 0, iter(table[1])
    for length, count in enumerate(table[0], start=1):
        for _ in range(count):
            codes[next(symbols)] = format(code, f"0{length}b")
            code += 1
        code <<= 1
    return codes


DC_CODES, AC_CODES = huffman(DC), huffman(AC)


def bits(value):
    """A number as JPEG writes it behind its length."""
    size = abs(value).bit_length()
    return format(value if value > 0 else value + (1 << size) - 1, f"0{size}b") if size else ""


@functools.lru_cache(None)
def dc_code(step):
    return DC_CODES[abs(step).bit_length()] + bits(step)


@functools.lru_cache(None)
def ac_code(zeros, value):
    return AC_CODES[0xF0] * (zeros // 16) + AC_CODES[zeros % 16 << 4 | abs(value).bit_length()] + bits(value)


def block_code(block, before):
    parts, at = [dc_code(block[0] - before)], 0
    for i in np.flatnonzero(block[1:]) + 1:
        parts.append(ac_code(int(i) - at - 1, block[i]))
        at = int(i)
    return "".join(parts) + (AC_CODES[0] if at < 63 else "")


def coefficients(plane, table):
    """[blocks, 64], quantized, in zigzag order."""
    height, width = plane.shape
    blocks = (plane - 128).reshape(height // 8, 8, width // 8, 8).swapaxes(1, 2).reshape(-1, 8, 8)
    return np.rint(DCT @ blocks @ DCT.T / table).astype(int).reshape(-1, 64)[:, ZIGZAG]


def stored(upright, orientation):
    """The rows that a camera writes of what it saw upright [height, width, 3] (Exif 2.3, tag 0x0112)."""
    swapped = upright.transpose(1, 0, 2)
    return {1: upright, 2: upright[:, ::-1], 3: upright[::-1, ::-1], 4: upright[::-1], 5: swapped, 6: swapped[::-1],
            7: swapped[::-1, ::-1], 8: swapped[:, ::-1]}[orientation]


def segment(marker, content):
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def jpeg(upright, orientation=1, quality=90):
    """Returns the JPEG file of bytes [height, width, 3], as a camera writes it that was held otherwise."""
    pixels = stored(upright, orientation).astype(float)
    height, width = pixels.shape[:2]
    pixels = np.pad(pixels, ((0, -height % 8), (0, -width % 8), (0, 0)), mode="edge")
    red, green, blue = pixels[..., 0], pixels[..., 1], pixels[..., 2]
    light = 0.299 * red + 0.587 * green + 0.114 * blue
    table = np.clip(np.rint(QUANTIZATION * min(50 / quality, 2 - quality / 50)), 1, 255)
    planes = [coefficients(plane, table).tolist()
              for plane in (light, 128 + (blue - light) * 0.564, 128 + (red - light) * 0.713)]
    text, before = [], [0, 0, 0]
    for blocks in zip(*planes):
        for i, block in enumerate(blocks):
            text.append(block_code(block, before[i]))
            before[i] = block[0]
    text = "".join(text)
    text += "1" * (-len(text) % 8)
    coded = int(text, 2).to_bytes(len(text) // 8, "big").replace(b"\xff", b"\xff\0")
    exif = b"Exif\0\0MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    return (b"\xff\xd8" + segment(0xE1, exif) + segment(0xDB, b"\0" + bytes(table.reshape(-1)[ZIGZAG].astype(np.uint8)))
            + segment(0xC0, struct.pack(">BHHB", 8, height, width, 3) + b"\1\x11\0\2\x11\0\3\x11\0")
            + segment(0xC4, b"\0" + b"".join(DC)) + segment(0xC4, b"\x10" + b"".join(AC))
            + segment(0xDA, b"\3\1\0\2\0\3\0\0\x3f\0") + coded + b"\xff\xd9")


def outline(kind, u, v):
    """Where a thing of size 1 is, lying in the middle."""
    radius = np.hypot(u, v)
    if kind == "washer":
        return (radius < 1) & (radius > 0.5)
    if kind == "nut":
        sides = [abs(np.cos(angle) * u + np.sin(angle) * v) for angle in (0, np.pi / 3, 2 * np.pi / 3)]
        return (np.max(sides, axis=0) < 0.87) & (radius > 0.45)
    return ((abs(u) < 1.5) & (abs(v) < 0.22)) | ((abs(u + 1.3) < 0.22) & (abs(v) < 0.6))


def photo(kind, number):
    """Returns [height, width, 3] bytes."""
    random = np.random.default_rng([CLASSES.index(kind), number])
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(float)
    size = random.uniform(0.2, 0.28) * HEIGHT
    place = random.uniform(0.38, 0.62, 2) * (WIDTH, HEIGHT)
    turn = random.uniform(0, 2 * np.pi)

    def seen(right, down):
        dx, dy = (x - place[0] - right) / size, (y - place[1] - down) / size
        return outline(kind, np.cos(turn) * dx + np.sin(turn) * dy, np.cos(turn) * dy - np.sin(turn) * dx)

    table = random.uniform(90, 220, 3) + 8 * np.sin(x[..., None] * random.uniform(0.05, 0.2) + random.uniform(0, 6))
    metal = random.uniform(0.2, 0.5) * 255 * np.array([1, random.uniform(0.85, 1), random.uniform(0.6, 1)])
    picture = np.where(seen(5, 4)[..., None], 0.6 * table, table)
    picture = np.where(seen(0, 0)[..., None], metal, picture)
    light = random.uniform(0.75, 1.1) + random.uniform(-0.2, 0.2) * (x / WIDTH - 0.5) + random.uniform(-0.2, 0.2) * (y / HEIGHT - 0.5)
    return np.clip(picture * light[..., None] + random.normal(0, 4, picture.shape), 0, 255).astype(np.uint8)


def main(folder, count=40):
    for kind in CLASSES:
        (pathlib.Path(folder) / kind).mkdir(parents=True)
        for number in range(int(count)):
            file = pathlib.Path(folder) / kind / f"IMG_{1000 + number}.jpg"
            file.write_bytes(jpeg(photo(kind, number), HELD[number % len(HELD)]))


if __name__ == "__main__":
    main(*sys.argv[1:])
