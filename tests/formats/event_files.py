"""Reads TensorBoard's event files by the published format, with nothing but Python's own library: frames,
checksums and protobuf's wire format."""

import struct

START = "(start)"


def crc32c(data):
    """Bit by bit, by the definition: Castagnoli's polynomial, reflected."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(crc):
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def records(data):
    """Yields each record's content; raises ValueError for a wrong checksum or a cut file."""
    while data:
        if len(data) < 12:
            raise ValueError("cut header")
        length, length_crc = struct.unpack_from("<QI", data)
        if masked(crc32c(data[:8])) != length_crc:
            raise ValueError("wrong checksum of the length")
        if len(data) < length + 16:
            raise ValueError("cut record")
        content = data[12 : 12 + length]
        (crc,) = struct.unpack_from("<I", data, 12 + length)
        if masked(crc32c(content)) != crc:
            raise ValueError("wrong checksum of the data")
        yield content
        data = data[length + 16 :]


def whole_records(data):
    """Returns the records of a file, framed as they are, up to the first that is cut or broken."""
    whole = []
    try:
        for content in records(data):
            end = sum(map(len, whole)) + len(content) + 16
            whole.append(data[sum(map(len, whole)) : end])
    except ValueError:
        pass
    return whole


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 0x80:
            return value, at


def message(data):
    """Returns {field number: [values]} of a protobuf message: integers, or the bytes of the others."""
    fields, at = {}, 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        else:
            size = {1: 8, 5: 4}.get(key & 7)
            if size is None:
                assert key & 7 == 2
                size, at = varint(data, at)
            value, at = data[at : at + size], at + size
        fields.setdefault(key >> 3, []).append(value)
    return fields


def values(path):
    """Returns [(wall time, step, tag, value)] of a file; a picture is a dictionary, a beginning (TensorBoard's
    SessionLog.START) the value None of the tag START."""
    result = []
    for number, record in enumerate(records(path.read_bytes())):
        event = message(record)
        (wall_time,) = struct.unpack("<d", event[1][0])
        if number == 0:
            assert event[3] == [b"brain.Event:2"]
            continue
        if 7 in event:
            assert message(event[7][0]) == {1: [1]}
            result.append((wall_time, event.get(2, [0])[0], START, None))
            continue
        for value in message(event[5][0])[1]:
            fields = message(value)
            if 2 in fields:
                content = struct.unpack("<f", fields[2][0])[0]
            else:
                image = message(fields[4][0])
                content = {"height": image[1][0], "width": image[2][0], "colorspace": image[3][0], "png": image[4][0]}
            result.append((wall_time, event.get(2, [0])[0], fields[1][0].decode(), content))
    return result


def shown(directory):
    """Returns {tag: {step: value}} of all files of a run, as TensorBoard shows it: a beginning makes void what
    earlier files have of its step and later ones. A step that a tag has twice is an error."""
    tags = {}
    for path in sorted(directory.iterdir()):
        for _, step, tag, value in values(path):
            if tag == START:
                tags = {name: {s: v for s, v in steps.items() if s < step} for name, steps in tags.items()}
            else:
                assert step not in tags.setdefault(tag, {}), f"{path}: {tag} has step {step} twice"
                tags[tag][step] = value
    return tags
