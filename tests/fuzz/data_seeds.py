#!/usr/bin/env python3
"""Makes the files that picture_fuzz and data_fuzz begin with.

    data_seeds.py DIRECTORY    writes DIRECTORY/pictures/* and DIRECTORY/data/*
"""
import gzip
import io
import pathlib
import re
import struct
import sys
import tarfile
import zipfile

import cv2
import numpy

out = pathlib.Path(sys.argv[1])
random = numpy.random.RandomState(1)


def save(folder, name, content):
    (out / folder).mkdir(parents=True, exist_ok=True)
    (out / folder / name).write_bytes(content)


def picture(ending, shape=(12, 10, 3), *options):
    return cv2.imencode(ending, random.randint(0, 256, shape, "uint8"), options)[1].tobytes()


def with_exif(jpeg, orientation):
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0" + struct.pack("<HHI", orientation, 0, 0)
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:]


def npy(array):
    buffer = io.BytesIO()
    numpy.save(buffer, array)
    return buffer.getvalue()


def idx(array, kind=8):
    head = struct.pack(">BBBB", 0, 0, kind, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.tobytes()


def packed(mode, files):
    buffer = io.BytesIO()
    if mode == "zip":
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return buffer.getvalue()
    with tarfile.open(fileobj=buffer, mode=f"w:{mode}") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def listed(files):
    """As data_fuzz takes files that are in no archive: the number of the name there, the length, the content."""
    source = (pathlib.Path(__file__).parent / "data_fuzz.cc").read_text()
    names = re.findall(r'"([^"]+)"', source.split("kNames[] = {")[1].split("};")[0])
    return b"".join(struct.pack("<BH", names.index(name), len(content)) + content for name, content in files.items())


gray = random.randint(0, 256, (10, 5, 4), "uint8")
labels = (numpy.arange(10) % 2).astype("uint8")
rows = ["label," + ",".join(f"pixel{i}" for i in range(16))]
rows += [f"{i % 3}," + ",".join(map(str, random.randint(0, 256, 16))) for i in range(12)]
record = bytes([1]) + bytes(random.randint(0, 256, 3072, "uint8"))
sets = {
    "idx": {"train-images-idx3-ubyte": idx(gray), "train-labels-idx1-ubyte": idx(labels),
            "t10k-images.idx3-ubyte.gz": gzip.compress(idx(gray), mtime=0), "t10k-labels-idx1-ubyte": idx(labels)},
    "npz": {"x_train.npy": npy(gray), "y_train.npy": npy(labels.astype("int64")), "x_test.npy": npy(gray),
            "y_test.npy": npy(labels), "val_images.npy": npy(gray), "val_labels.npy": npy(labels)},
    "prepared": {"x_train.npy": npy((gray / 255).astype(">f4")), "y_train.npy": npy(numpy.eye(2, dtype=bool)[labels]),
                 "x_test.npy": npy(numpy.asfortranarray(gray)), "y_test.npy": npy(labels.astype("f8"))},
    "csv": {"train.csv": "\n".join(rows).encode(), "test.csv.gz": gzip.compress("\n".join(rows).encode(), mtime=0)},
    "cifar": {**{f"data_batch_{i}.bin": record for i in range(1, 6)}, "test_batch.bin": record,
              "batches.meta.txt": b"ship\ntruck\n"},
    "pictures": {"train/a/1.png": picture(".png"), "train/a/2.jpg": picture(".jpg"), "train/b/1.png": picture(".png"),
                 "test/a/1.png": picture(".png", (6, 7)), "val/b/1.jpeg": picture(".jpg")},
}
for name, files in sets.items():
    save("data", f"{name}.listed", listed(files))
    save("data", f"{name}.zip", packed("zip", files))
    save("data", f"{name}.tar", packed("", files))
for mode in ("gz", "xz", "bz2"):
    save("data", f"pictures.tar.{mode}", packed(mode, sets["pictures"]))
save("data", "train.csv", "\n".join(rows[1:]).encode())

save("pictures", "grey.jpg", picture(".jpg", (9, 8)))
save("pictures", "progressive.jpg", picture(".jpg", (24, 17, 3), cv2.IMWRITE_JPEG_PROGRESSIVE, 1))
save("pictures", "restarts.jpg", picture(".jpg", (40, 17, 3), cv2.IMWRITE_JPEG_RST_INTERVAL, 1))
for orientation in (1, 6, 8):
    save("pictures", f"exif{orientation}.jpg", with_exif(picture(".jpg"), orientation))
for channels in (1, 3, 4):
    save("pictures", f"channels{channels}.png", picture(".png", (9, 8, channels)))
save("pictures", "deep.png", cv2.imencode(".png", random.randint(0, 65536, (7, 6, 3), "uint16"))[1].tobytes())
