#!/usr/bin/env python3
"""Measures how long a training under `convoy run` stands still when a rank is killed: from its death to the end of the
next step, by the checkpoint that each step leaves. And what the time goes to: until the supervisor tells of the fault,
until the next trainers are there (mpirun), until rank 0 takes the run directory (MPI), until it trains (data,
checkpoint), and until the step's checkpoint.

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


def await_trainers(process, run, before):
    """Waits for trainers that were not there `before`; returns the time."""
    while process.poll() is None:
        if set(trainers(run)) - before:
            return time.time()
        time.sleep(0.005)
    sys.exit(f"the training has ended: {process.returncode}")


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
            before = set(trainers(run))
            os.kill(random.choice(sorted(before)), signal.SIGKILL)
            killed = time.time()
            there = await_trainers(process, run, before)
            stepped = await_step(process, run, max(there, killed + 0.1))  # a step that was nearly done may still come
            # Rank 0 writes both at its start, the summary at the end of epochs, too.
            moments = [killed, noticed(run), there, *((run / name).stat().st_mtime for name in (".lock", "summary.json")),
                       stepped]
            seconds.append(stepped - killed)
            phases = ", ".join(f"{name} {end - begin:.2f}" for name, begin, end in
                               zip(("noticed", "mpirun", "MPI", "data", "step"), moments, moments[1:]))
            print(f"{seconds[-1]:.2f} s: {phases}; load {os.getloadavg()[0]:.1f}", flush=True)
        print(f"median {statistics.median(seconds):.2f} s, worst {max(seconds):.2f} s")
        for number in (signal.SIGTERM, signal.SIGTERM):
            process.send_signal(number)
            time.sleep(0.7)
        process.wait()


if __name__ == "__main__":
    main()
