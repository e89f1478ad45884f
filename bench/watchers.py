#!/usr/bin/env python3
"""What a hundred who watch a training cost it, and whether the coordinator's memory grows with the time they watch.

    bench/watchers.py BIN [--watchers 100] [--turns 5] [--epochs 8] [--minutes 10]

BIN is the folder of the programs; MNIST is where the trainer looks ($CONVOY_DATA). The notebook's network is trained by two
ranks in turn with the watchers and without; all hold a `WatchJob` stream of the HTTP port open from here, on the same cores,
so what it costs to read them is in the numbers. Then one long training is watched for so many minutes, and the coordinator's
memory is read every half minute from /metrics. Each watcher must have been told of the job before anything is timed.
"""
import argparse
import asyncio
import contextlib
import json
import os
import pathlib
import signal
import statistics
import struct
import subprocess
import tempfile
import time
import urllib.request

PATIENCE = 20  # seconds for programs that are asked to end
GROWTH = 1.10  # of the memory, after the first minute, that counts as none
RANKS = ["mpirun", "--allow-run-as-root", "--oversubscribe", "-np", "2"]


class Lab:
    """A coordinator with a store of its own, and trainers that report to it."""

    def __init__(self, options, scratch):
        self.options, self.scratch = options, pathlib.Path(scratch)
        self.port = 20000 + os.getpid() % 20000
        self.process = subprocess.Popen(
            [options.bin / "coordinator", "--listen", f"127.0.0.1:{self.port}", "--http", f"127.0.0.1:{self.port + 1}",
             "--store", self.scratch / "store", "--max-watches", str(options.watchers)], stdout=subprocess.DEVNULL)
        while not self.healthy():
            time.sleep(0.2)

    def healthy(self):
        with contextlib.suppress(OSError):
            return self.get("/healthz") != ""
        return False

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port + 1}{path}", timeout=10) as answer:
            return answer.read().decode()

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise SystemExit("the coordinator did not end when it was asked to") from None

    def memory(self):
        line = next(line for line in self.get("/metrics").splitlines() if line.startswith("process_resident_memory_bytes "))
        return float(line.split()[1]) / 2**20

    def train(self, name, epochs):
        # In a group of its own, so that whatever mpirun leaves behind can be ended, too.
        return subprocess.Popen([*RANKS, self.options.bin / "trainer", "--threads", "1", "--verbose", "0", "--epochs", str(epochs),
                                 "--run-dir", self.scratch / name, "--coordinator", f"127.0.0.1:{self.port}"],
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True)

    def speed(self, name):
        return json.loads((self.scratch / name / "summary.json").read_text())["train_images_per_second"]


async def watch(lab, job, told):
    """Reads a watch to its end; counts in `told` that the first state was the job's."""
    body = b"\x0a" + bytes([len(job)]) + job.encode()
    body = b"\x00" + struct.pack(">I", len(body)) + body
    reader, writer = await asyncio.open_connection("127.0.0.1", lab.port + 1)
    writer.write((f"POST /convoy.v1.JobService/WatchJob HTTP/1.1\r\nHost: 127.0.0.1:{lab.port + 1}\r\n"
                  f"Content-Type: application/connect+proto\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body)
    seen = b""
    while job.encode() not in seen:
        piece = await reader.read(1 << 16)
        if not piece:
            raise SystemExit(f"a watcher was told {seen[:80]!r}")
        seen += piece
    told.append(job)
    try:
        with contextlib.suppress(OSError):
            while await reader.read(1 << 16):
                pass
    finally:
        writer.close()


async def end(trainer):
    """Ends a training by the signal that mpirun passes on to all ranks, or by force; the watchers are read meanwhile."""
    deadline = time.monotonic() + PATIENCE
    if trainer.poll() is None:
        trainer.send_signal(signal.SIGUSR1)
    while trainer.poll() is None and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(trainer.pid, signal.SIGKILL)
    trainer.wait()


async def run(lab, name, epochs, watchers, minutes=None):
    """Trains a job that `watchers` watch; returns the coordinator's memory, read every half minute."""
    trainer = lab.train(name, epochs)
    watching = []
    try:
        while f'convoy_job_step{{run="{name}"' not in lab.get("/metrics"):
            await asyncio.sleep(0.1)
            if trainer.poll() is not None:
                raise SystemExit("the training ended before it was watched: give it more epochs")
        told = []
        watching = [asyncio.ensure_future(watch(lab, f"jobs/{name}", told)) for _ in range(watchers)]
        while len(told) < watchers and trainer.poll() is None:
            await asyncio.sleep(0.02)
        if len(told) < watchers:
            raise SystemExit(f"only {len(told)} of {watchers} were told of the job")
        return await follow(lab, trainer, minutes)
    finally:
        await end(trainer)
        for one in watching:
            one.cancel()
        await asyncio.gather(*watching, return_exceptions=True)


async def follow(lab, trainer, minutes):
    """Waits for the end of the training, or so many minutes."""
    memory, last, end = [], 0, time.monotonic() + 60 * (minutes or 1e6)
    while trainer.poll() is None and time.monotonic() < end:
        if minutes and time.monotonic() - last >= 30:
            last = time.monotonic()
            memory.append(lab.memory())
        await asyncio.sleep(0.1)
    return memory


async def main(options):
    with tempfile.TemporaryDirectory() as scratch:
        lab = Lab(options, scratch)
        try:
            cost = []
            for turn in range(options.turns):
                for name, watchers in [(f"alone{turn}", 0), (f"watched{turn}", options.watchers)]:
                    await run(lab, name, options.epochs, watchers)
                alone, watched = lab.speed(f"alone{turn}"), lab.speed(f"watched{turn}")
                cost.append(1 - watched / alone)
                print(f"  alone {alone:.0f}, with {options.watchers} watchers {watched:.0f} images/s", flush=True)
            if cost:
                print(f"{options.watchers} watchers cost {100 * statistics.median(cost):.1f}% (median of {options.turns} pairs); "
                      f"load of the machine {os.getloadavg()[0]:.1f}", flush=True)
            if options.minutes:
                memory = await run(lab, "long", 100000, options.watchers, options.minutes)
                print("the coordinator's memory, MiB: " + " ".join(f"{one:.1f}" for one in memory))
                if memory[-1] > GROWTH * memory[min(2, len(memory) - 1)]:
                    raise SystemExit("it grows")
        finally:
            lab.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("bin", type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--watchers", type=int, default=100)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--minutes", type=float, default=10)
    asyncio.run(main(parser.parse_args()))
