#!/usr/bin/env python3
"""Reads model.convoy and checkpoint files by docs/container_format.md alone.

It shares no code with the programs: python's standard library and numpy only.

    convoy_file.py FILE        prints what the file holds, as JSON, its hashes included
"""
import hashlib
import json
import struct
import sys
import zlib

import numpy as np

MAGIC = b"\x89CVY\r\n\x1a\n"
VERSION = 1
KINDS = {1: "model", 2: "checkpoint"}
ALIGNMENT = 64
HEADER = struct.Struct("<8sIIQII28sI")
ENTRY = struct.Struct("<32sQQII8s")
NOT_COVERED = 1


class DamagedError(Exception):
    """The file is not what the format says."""


def require(condition, what):
    if not condition:
        raise DamagedError(what)


class Container:
    """The sections of a file, every checksum recomputed. `sections` maps names to bytes."""

    def __init__(self, data):
        require(len(data) >= HEADER.size, "shorter than a header")
        magic, version, kind, size, count, table_crc, reserved, crc = HEADER.unpack_from(data)
        require(magic == MAGIC, "wrong magic")
        require(zlib.crc32(data[: HEADER.size - 4]) == crc, "header checksum")
        require(1 <= version <= VERSION, f"format {version}")
        require(kind in KINDS, f"kind {kind}")
        require(size == len(data), "size")
        require(not any(reserved), "reserved bytes of the header")
        self.kind = KINDS[kind]
        self.sections = {}
        self.covered = []
        end = HEADER.size + count * ENTRY.size
        require(end <= size, "table beyond the end")
        require(zlib.crc32(data[HEADER.size : end]) == table_crc, "table checksum")
        for i in range(count):
            end = self._add(data, HEADER.size + i * ENTRY.size, end)
        require(end == size, "bytes after the last section")

    def _add(self, data, entry, end):
        name, offset, length, crc, flags, reserved = ENTRY.unpack_from(data, entry)
        name = name.rstrip(b"\0").decode("ascii")
        require(flags in (0, NOT_COVERED) and not any(reserved), f"{name}: flags")
        require(offset == -(-end // ALIGNMENT) * ALIGNMENT, f"{name}: offset")
        require(not any(data[end:offset]), f"{name}: the gap before it")
        content = data[offset : offset + length]
        require(len(content) == length, f"{name}: length")
        require(zlib.crc32(content) == crc, f"{name}: checksum")
        require(name not in self.sections, f"{name}: twice")
        self.sections[name] = content
        if flags != NOT_COVERED:
            self.covered.append(name)
        return offset + length

    def covered_sha256(self):
        sha = hashlib.sha256()
        for name in self.covered:
            content = self.sections[name]
            sha.update(name.encode() + b"\0" + struct.pack("<Q", len(content)) + content)
        return sha.hexdigest()


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def fields(data):
    """The fields of a protobuf message, field number -> list of values as they stand there."""
    found, at = {}, 0
    while at < len(data):
        key, at = varint(data, at)
        wire_type = key & 7
        if wire_type == 0:
            value, at = varint(data, at)
        elif wire_type == 1:
            value, at = data[at : at + 8], at + 8
        elif wire_type == 2:
            length, at = varint(data, at)
            value, at = data[at : at + length], at + length
        else:
            raise DamagedError(f"wire type {wire_type}")
        found.setdefault(key >> 3, []).append(value)
    return found


def text(message, number):
    return message.get(number, [b""])[-1].decode("utf-8")


def integer(message, number):
    return message.get(number, [0])[-1]


def double(message, number):
    return struct.unpack("<d", message.get(number, [bytes(8)])[-1])[0]


def metric_values(messages):
    parsed = [fields(message) for message in messages]
    return [[text(metric, 1), double(metric, 2)] for metric in parsed]


def packed_integers(blob):
    values, at = [], 0
    while at < len(blob):
        value, at = varint(blob, at)
        values.append(value)
    return values


def read_tensors(container):
    """The tensors in order: (name, trainable, array of float32 in its shape)."""
    message = fields(container.sections["model"])
    weights = np.frombuffer(container.sections["weights"], dtype="<f4")
    tensors, start = [], 0
    for blob in message.get(5, []):
        entry = fields(blob)
        shape = packed_integers(entry.get(2, [b""])[-1])
        count = int(np.prod(shape, dtype=np.int64))
        require(start + count <= weights.size, "tensors beyond the section")
        array = weights[start : start + count].reshape(shape)
        tensors.append((text(entry, 1), bool(integer(entry, 3)), array))
        start += count
    require(start == weights.size, "floats of no tensor")
    return tensors


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def weights_sha256(tensors):
    """The contract's hash, from the arrays."""
    sha = hashlib.sha256()
    for _, _, array in tensors:
        sha.update(np.ascontiguousarray(array, dtype="<f4").tobytes())
    return sha.hexdigest()


def describe_training(container):
    message = fields(container.sections["training"])
    slots = [text(fields(blob), 1) for blob in message.get(10, [])]
    callbacks = [fields(blob) for blob in message.get(12, [])]
    description = {
        "epoch": integer(message, 1),
        "step_in_epoch": integer(message, 2),
        "global_step": integer(message, 3),
        "images_seen": integer(message, 4),
        "loss_sum": double(message, 5),
        "correct": integer(message, 6),
        "count": integer(message, 7),
        "history": [metric_values(fields(epoch).get(1, [])) for epoch in message.get(8, [])],
        "optimizer_step_count": integer(message, 9),
        "slots": [[name, sha256(container.sections["slot/" + name])] for name in slots],
        "callbacks": [[text(c, 1), sha256(c.get(2, [b""])[-1])] for c in callbacks],
    }
    if 11 in message:
        best = fields(message[11][-1])
        description["best_monitor"] = text(best, 1)
        description["best_value"] = double(best, 2)
        description["best_epoch"] = integer(best, 3)
        description["best_sha256"] = sha256(container.sections["best_weights"])
    return description


def describe(data):
    """What a file holds, ready for JSON; arrays as their hashes."""
    container = Container(data)
    message = fields(container.sections["model"])
    family = fields(message.get(4, [b""])[-1])
    tensors = read_tensors(container)
    description = {
        "kind": container.kind,
        "covered_sha256": container.covered_sha256(),
        "model_textproto": text(message, 1),
        "recipe_textproto": text(message, 2),
        "data_sha256": text(message, 3),
        "isa": text(family, 1),
        "blas_core": text(family, 2),
        "tensors": [
            {"name": name, "shape": list(array.shape), "trainable": trainable,
             "sha256": sha256(array.tobytes())}
            for name, trainable, array in tensors
        ],
        "metrics": metric_values(message.get(6, [])),
        "weights_sha256": weights_sha256(tensors),
    }
    if container.kind == "checkpoint":
        description["training"] = describe_training(container)
    return description


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    with open(sys.argv[1], "rb") as file:
        data = file.read()
    try:
        print(json.dumps(describe(data), indent=2))
    except DamagedError as error:
        print(f"{sys.argv[1]}: is damaged: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
