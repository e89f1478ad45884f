#!/usr/bin/env python3
"""How long it takes from a stroke to its probabilities while many draw at once on the coordinator's page.

    bench/drawing.py HOST:PORT JOB [--pupils 40] [--seconds 20] [--strokes 20]

HOST:PORT is the coordinator's HTTP port, JOB a job with a model. Each pupil has a connection, as a browser has, and does
what the page does: a question with the sheet's 140 x 140 pixels after each movement of the pen, `--strokes` times a
second, but never before the last one is answered; then one for the feature maps. The pupils are one process beside the
coordinator, so what they cost is in the numbers. Before anything is timed, the answers of all pupils at once must be those
of one alone. Prints the median and the 99th percentile, and fails where an answer is none.
"""
import argparse
import asyncio
import os
import statistics
import struct
import time

SIDE = 140
DRAWING = 4  # convoy.v1.Preparation
WARM_UP = 1.0  # seconds that are not counted


def sheet(seed):
    """A 7, drawn dark on white, at another place for each pupil."""
    rows = [bytearray(b"\xff" * SIDE) for _ in range(SIDE)]
    left, top = 30 + seed % 20, 25 + seed // 20 % 20
    for i in range(60):
        for x, y in [(left + i, top), (left + 60 - i // 2, top + i)]:
            for dy in range(9):
                rows[y + dy][x:x + 9] = bytes(9)
    return b"".join(rows)


def varint(value):
    return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + varint(value >> 7)


def message(**fields):
    """A message in protobuf's bytes; a field is its number and its value: n4=b"..."."""
    out = b""
    for name, value in fields.items():
        number = int(name[1:])
        out += varint(number << 3) + varint(value) if isinstance(value, int) else (
            varint(number << 3 | 2) + varint(len(value)) + value)
    return out


def request(host, method, body):
    return (f"POST /convoy.v1.ModelService/{method} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/proto\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


def probabilities(answer):
    """Those of the first prediction, from the bytes of a PredictResponse: ten floats, packed, in field 2."""
    at = answer.index(b"\x12\x28") + 2
    return struct.unpack("<10f", answer[at:at + 40])


async def answer(streams, asked):
    """Returns the body of the answer to `asked`."""
    reader, writer = streams
    writer.write(asked)
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(head.split(b"\r\n")[0].decode())
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return await reader.readexactly(int(length.split(b":")[1]))


class Pupil:
    def __init__(self, options, number):
        name = f"models/{options.job}".encode()
        image = message(n2=message(n1=SIDE, n2=SIDE, n3=1, n4=sheet(number)))
        self.options = options
        self.phase = number / options.pupils / options.strokes
        self.predict = request(options.address, "Predict", message(n1=name, n2=image, n3=DRAWING, n4=1))
        self.maps = request(options.address, "GetFeatureMaps", message(n1=name, n2=image, n3=DRAWING))
        self.seconds = []

    async def connect(self):
        host, port = self.options.address.rsplit(":", 1)
        self.streams = await asyncio.open_connection(host, int(port), limit=1 << 24)

    async def read(self):
        return await answer(self.streams, self.predict)

    async def draw(self, start):
        end = start + WARM_UP + self.options.seconds
        due = start + self.phase
        while due < end:
            await asyncio.sleep(max(0, due - time.monotonic()))
            begun = time.monotonic()
            await answer(self.streams, self.predict)
            if begun > start + WARM_UP:
                self.seconds.append(time.monotonic() - begun)
            await answer(self.streams, self.maps)
            due = max(due + 1 / self.options.strokes, time.monotonic())


async def check(pupils):
    """All at once must get what each gets alone, from the network that is asked for."""
    alone = [await pupil.read() for pupil in pupils]
    together = await asyncio.gather(*(pupil.read() for pupil in pupils))
    if together != alone:
        raise SystemExit("pupils that draw at once get other answers than alone")
    for one in alone:
        if abs(sum(probabilities(one)) - 1) > 1e-4:
            raise SystemExit("the probabilities of a drawing do not add up to 1")


async def main(options):
    pupils = [Pupil(options, number) for number in range(options.pupils)]
    await asyncio.gather(*(pupil.connect() for pupil in pupils))
    await check(pupils)
    start = time.monotonic()
    await asyncio.gather(*(pupil.draw(start) for pupil in pupils))
    took = sorted(second * 1000 for pupil in pupils for second in pupil.seconds)
    print(f"{options.pupils} pupils, {len(took) / options.seconds:.0f} strokes/s: from a stroke to its probabilities "
          f"median {statistics.median(took):.1f} ms, 99% within {took[int(0.99 * len(took))]:.1f} ms, "
          f"longest {took[-1]:.1f} ms; load of the machine {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("address")
    parser.add_argument("job")
    parser.add_argument("--pupils", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--strokes", type=float, default=20, help="movements of a pen that are asked about, a second")
    asyncio.run(main(parser.parse_args()))
