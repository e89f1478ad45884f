#!/usr/bin/env python3
"""Measures how long a training under `convoy run` stands still when a rank is killed: from its death to the end of the
next step, by the checkpoint that each step leaves.

    recovery.py [--ranks 2] [--kills 5]
    tests/hosts/with_hosts.sh 4 bench/recovery.py --hosts host1,host2,host3,host4      (as root)
"""
import argparse
import contextlib
import datetime
import json
import os
import pathlib
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time

BIN = pathlib.Path(__file__).resolve().parents[1] / "build" / "release" / "bin"


def trainers(run):
    """Process ids of the run's trainers, also those of other hosts that are namespaces of this one."""
    found = subprocess.run(["pgrep", "-f", f"^[^ ]*/trainer .*--run-dir {run}"], capture_output=True, text=True,
                           check=False).stdout
    return [int(pid) for pid in found.split()]


def noticed(run):
    """When the supervisor has told of the newest fault."""
    newest = json.loads((run / "events.jsonl").read_text().splitlines()[-1])
    return datetime.datetime.fromisoformat(newest["time"].replace("Z", "+00:00")).timestamp()


def await_step(process, run, after):
    """Waits for a checkpoint of a time after `after`; returns that time, in seconds."""
    while process.poll() is None:
        times = []
        for path in (run / "checkpoints").glob("step-*.convoy"):
            with contextlib.suppress(FileNotFoundError):  # it has become too old
                times.append(path.stat().st_mtime)
        if times and max(times) > after:
            return min(moment for moment in times if moment > after)
        time.sleep(0.005)
    sys.exit(f"the training has ended: {process.returncode}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--hosts")
    parser.add_argument("--kills", type=int, default=5)
    asked = parser.parse_args()
    where = ["--hosts", asked.hosts] if asked.hosts else ["-np", str(asked.ranks)]
    with tempfile.TemporaryDirectory() as directory:
        run = pathlib.Path(directory, "run")
        process = subprocess.Popen([BIN / "convoy", "run", *where, "--", "--run-dir", run, "--verbose", "0",
                                    "--epochs", "1000", "--checkpoint-every", "1", "--keep-checkpoints", "100"],
                                   stdin=subprocess.DEVNULL)
        await_step(process, run, 0)
        seconds = []
        for _ in range(asked.kills):
            time.sleep(2)
            os.kill(random.choice(trainers(run)), signal.SIGKILL)
            killed = time.time() + 0.1  # a step that was nearly done may still come
            seconds.append(await_step(process, run, killed) - killed + 0.1)
            print(f"{seconds[-1]:.2f} s, of that {noticed(run) - killed + 0.1:.2f} s until it was noticed", flush=True)
        print(f"median {statistics.median(seconds):.2f} s, worst {max(seconds):.2f} s")
        for number in (signal.SIGTERM, signal.SIGTERM):
            process.send_signal(number)
            time.sleep(0.7)
        process.wait()


if __name__ == "__main__":
    main()
