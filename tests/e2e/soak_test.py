#!/usr/bin/env python3
"""A coordinator under everything at once: trainers, reporters, predicting clients, watchers that do not read, floods of
connections, bombs, requests that are too large, a disk that is full for a while, a wall clock that is set forth and
back by an hour, and kill -9 every few seconds.

    tests/e2e/soak_test.py [SECONDS] [SEED]     60 seconds unless said otherwise; prints what was done and seen

It fails if anything that was acknowledged is missing, if a training has other weights than one that nobody disturbed,
if memory grows beyond bounds, or if /healthz says for more than five seconds something else than a client finds.
"""
import collections
import contextlib
import os
import pathlib
import random
import re
import socket
import sqlite3
import struct
import sys
import threading
import time
import urllib.error
import urllib.request

sys.dont_write_bytecode = True

import grpc

import harness
from coordinators import COORDINATOR, Coordinator, free_port, messages
from harness import DONE, Run

SECONDS, SEED = 60, 1
MAX_MEMORY_MB = 1500
MAX_WRONG_SECONDS = 5  # of what health says
CLOCK = pathlib.Path(os.environ.get("CONVOY_JUMPING_CLOCK",
                                    harness.ROOT / "build" / "release" / "tests" / "libjumping_clock.so"))
RECIPE = [*harness.data_flags(), "--train-limit", 320, "--batch-size", 16, "--micro-batch", 8]
ONE = bytes(255 if 12 <= i % 28 < 16 and 4 <= i // 28 < 24 else 0 for i in range(784))  # an empty picture is refused
TRAINERS, REPORTERS, CLIENTS, WATCHERS, SLEEPERS = 3, 4, 32, 84, 16
job, worker, models = (messages(f"convoy/{name}") for name in ("v1/job", "worker/v1/worker_service", "v1/model_service"))


class Soak:
    """What is done to one coordinator, by threads of their own, until the time is up."""

    def __init__(self, test, seconds):
        self.test, self.end, self.counts = test, time.monotonic() + seconds, collections.Counter()
        self.failures, self.random = [], random.Random(SEED)
        self.http_port, self.peak_kb = free_port(), 0
        self.coordinator = Coordinator(test, "--max-message-mb", 16, *harness.data_flags())
        self.command = ["--listen", self.coordinator.address, "--http", f"127.0.0.1:{self.http_port}", "--store",
                        self.coordinator.store, *harness.data_flags()]
        self.acknowledged = collections.defaultdict(set)
        self.is_up, self.wrong_since, self.longest_wrong = True, None, 0
        self.clock, self.full = test.directory / "clock", test.directory / "disk-is-full"
        self.set_clock(0)
        self.start()

    def start(self):
        env = {"LD_PRELOAD": str(CLOCK), "CONVOY_TEST_CLOCK": str(self.clock), "CONVOY_FAILPOINT_FULL_DISK": str(self.full)}
        self.coordinator._started(self.test.start(*self.command, program=COORDINATOR, env=env))
        self.is_up, self.wrong_since = True, None

    def set_clock(self, seconds):
        # In place: the coordinator has the file mapped.
        self.clock.touch()
        with self.clock.open("r+b") as file:
            file.write(struct.pack("<q", seconds))

    def running(self):
        return time.monotonic() < self.end

    def channel(self):
        return grpc.insecure_channel(self.coordinator.address, options=[("grpc.max_reconnect_backoff_ms", 500),
                                                                        ("grpc.use_local_subchannel_pool", 1)])

    def call(self, channel, method, request, answer, timeout=10):
        """Calls a method; returns None where the coordinator is away or refuses, which is counted."""
        call = channel.unary_unary(method, request_serializer=lambda message: message.SerializeToString(),
                                   response_deserializer=answer.FromString)
        try:
            self.counts[method.rpartition("/")[2]] += 1
            return call(request, timeout=timeout)
        except grpc.RpcError as error:
            self.counts[f"answer {error.code().name}"] += 1
            return None

    def every(self, seconds, what):
        """Does `what` again and again; what it raises is a failure of the soak."""
        while self.running():
            try:
                what()
            except Exception as error:  # pylint: disable=broad-except
                self.failures.append(repr(error))
                return
            time.sleep(seconds)

    # What is done.

    def report(self, number):
        """As a trainer does, and remembers what was acknowledged."""
        name, epoch = f"reporter-{number}", 0
        request = worker.RegisterJobRequest(run_name=name, run_id=f"{number:032x}", process_id=f"{number:032x}",
                                            epochs=100000, steps_per_epoch=10, run_key=f"{number:032x}")
        request.ranks.add(host="pc")
        registered = False
        with self.channel() as channel:
            while self.running():
                if not registered:
                    registered = self.call(channel, "/convoy.worker.v1.WorkerService/RegisterJob", request,
                                           worker.RegisterJobResponse) is not None
                report = worker.ReportProgressRequest(job=f"jobs/{name}", process_id=request.process_id)
                sample = report.samples.add(scope=job.MetricSample.EPOCH, epoch=epoch + 1, step=(epoch + 1) * 10)
                sample.metrics.add(name="loss", value=epoch)
                if registered and self.call(channel, "/convoy.worker.v1.WorkerService/ReportProgress", report,
                                            worker.ReportProgressResponse):
                    epoch += 1
                    self.acknowledged[name].add(epoch)
                time.sleep(0.05)

    def train(self, number):
        run = 0
        while self.running():
            run += 1
            path = self.test.directory / f"trainer-{number}-{run}"
            outcome = self.test.start("--run-dir", path, "--coordinator", self.coordinator.address, *RECIPE, "--epochs", 3,
                                      "--local-ranks", number + 1).wait()
            self.test.assertEqual(outcome.code, DONE, outcome)
            self.test.assertEqual(Run(path).summary()["weights_sha256"], self.test.expected)
            self.counts["trainings"] += 1

    def predict(self):
        with self.channel() as channel:
            listed = self.call(channel, "/convoy.v1.ModelService/ListModels", models.ListModelsRequest(),
                               models.ListModelsResponse)
            for model in listed.models if listed else []:
                request = models.PredictRequest(name=model.name)
                request.images.add(raw=models.RawImage(height=28, width=28, pixels=ONE))
                if self.call(channel, "/convoy.v1.ModelService/Predict", request, models.PredictResponse):
                    self.counts["predictions"] += 1

    def watch(self, reads):
        with self.channel() as channel:
            request = messages("convoy/v1/job_service").WatchJobRequest(name="jobs/reporter-0")
            stream = channel.unary_stream("/convoy.v1.JobService/WatchJob",
                                          request_serializer=type(request).SerializeToString)(request, timeout=5)
            self.counts["watches"] += 1
            try:
                for _ in stream:
                    if not reads:
                        time.sleep(4)
            except grpc.RpcError as error:
                self.counts[f"watch {error.code().name}"] += 1

    def flood(self):
        sockets = []
        for port in (self.coordinator.port, self.http_port):
            for _ in range(150):
                try:
                    sockets.append(socket.create_connection(("127.0.0.1", port), timeout=0.5))
                except OSError:
                    break
        self.counts["connections"] += len(sockets)
        for connection in sockets:
            try:
                connection.send(random.randbytes(20))
            except OSError:
                pass
        time.sleep(0.5)
        for connection in sockets:
            connection.close()

    def bomb(self):
        """Compressed zeros, a request at the limit, metrics without end, a recipe without end, somebody else's run."""
        with self.channel() as channel:
            bytes_of = lambda method, content, **options: self.raw(channel, method, content, **options)
            bytes_of("/convoy.v1.JobService/ListJobs", b"\0" * (64 << 20), compression=grpc.Compression.Gzip)
            bytes_of("/convoy.v1.JobService/ListJobs", os.urandom(15 << 20))
            flood = worker.ReportProgressRequest(job="jobs/reporter-0", process_id=f"{0:032x}")
            for i in range(500):
                sample = flood.samples.add(scope=job.MetricSample.EPOCH, epoch=1, step=10)
                for j in range(60):
                    sample.metrics.add(name=f"m{i}_{j}", value=1)
            bytes_of("/convoy.worker.v1.WorkerService/ReportProgress", flood.SerializeToString())
            theft = worker.RegisterJobRequest(run_name="x", run_id=f"{0:032x}", process_id="f" * 32, epochs=1,
                                              steps_per_epoch=1)
            theft.ranks.add()
            bytes_of("/convoy.worker.v1.WorkerService/RegisterJob", theft.SerializeToString())
            theft.run_id = "e" * 32
            theft.recipe.model.name = "x" * (8 << 20)
            bytes_of("/convoy.worker.v1.WorkerService/RegisterJob", theft.SerializeToString())
        self.counts["bombs"] += 5

    def raw(self, channel, method, content, **options):
        try:
            channel.unary_unary(method)(content, timeout=10, **options)
            if "Worker" in method:
                self.failures.append(f"{method} took a bomb")
        except grpc.RpcError as error:
            self.counts[f"bomb {error.code().name}"] += 1

    def fill_disk(self):
        self.full.touch()
        time.sleep(2)
        self.full.unlink()
        self.counts["full disks"] += 1

    def step_clock(self):
        self.set_clock(self.random.choice((-3600, 0, 3600)))
        self.counts["clock steps"] += 1

    def look_at_memory(self):
        with contextlib.suppress(OSError):  # it was killed just now
            status = pathlib.Path(f"/proc/{self.coordinator.process.pid}/status").read_text()
            match = re.search(r"VmRSS:\s+(\d+)", status)
            self.peak_kb = max(self.peak_kb, int(match.group(1)) if match else 0)

    def look_at_health(self):
        """Whether /healthz says what a client finds. A probe that a kill or a start has met says nothing."""
        coordinator = self.coordinator.process
        says, found = self.health(), self.is_served()
        if coordinator is not self.coordinator.process or not self.is_up:
            return
        self.counts["health right" if says == found else f"health wrong, {'up' if says else 'down'}"] += 1
        now = time.monotonic()
        self.wrong_since = None if says == found else self.wrong_since or now
        self.longest_wrong = max(self.longest_wrong, now - (self.wrong_since or now))

    def health(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/healthz", timeout=4) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def is_served(self):
        with self.channel() as channel:
            request = messages("convoy/v1/job_service").ListJobsRequest(page_size=1)
            return self.call(channel, "/convoy.v1.JobService/ListJobs", request,
                             messages("convoy/v1/job_service").ListJobsResponse, timeout=4) is not None

    def kill(self):
        time.sleep(self.random.uniform(2, 8))
        self.is_up = False
        self.coordinator.kill()
        self.counts["kills"] += 1
        self.start()

    def run(self):
        threads = [threading.Thread(target=self.every, args=(0, lambda n=n: self.train(n))) for n in range(TRAINERS)]
        threads += [threading.Thread(target=self.every, args=(0, lambda n=n: self.report(n))) for n in range(REPORTERS)]
        for count, pause, what in [(CLIENTS, 0.1, self.predict), (WATCHERS, 0.1, lambda: self.watch(True)),
                                   (SLEEPERS, 0.1, lambda: self.watch(False)), (1, 2, self.flood), (1, 3, self.bomb),
                                   (1, 0.5, self.look_at_memory), (1, 0.5, self.look_at_health),
                                   (1, 11, self.fill_disk), (1, 5, self.step_clock)]:
            threads += [threading.Thread(target=self.every, args=(pause, what)) for _ in range(count)]
        for thread in threads:
            thread.start()
        self.every(0, self.kill)
        for thread in threads:
            thread.join()

    def stored(self, name):
        """The epochs that the coordinator has of a job."""
        found, token = set(), ""
        while True:
            page = self.coordinator.call("ListMetrics", parent=f"jobs/{name}", scope=job.MetricSample.EPOCH, page_size=10000,
                                         page_token=token)
            found |= {sample.epoch for sample in page.samples}
            token = page.next_page_token
            if not token:
                return found


class SoakTest(harness.TrainerTest):
    def test_everything_at_once(self):
        self.expected = self.train(*RECIPE, "--epochs", 3).summary()["weights_sha256"]
        soak = Soak(self, SECONDS)
        soak.run()
        lost = {name: len(epochs - soak.stored(name)) for name, epochs in soak.acknowledged.items()}
        acknowledged = sum(map(len, soak.acknowledged.values()))
        self.assertEqual(soak.coordinator.stop().code, DONE)
        with sqlite3.connect(soak.coordinator.store / "coordinator.sqlite") as database:
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchone()[0], "ok")
        for name, count in sorted(soak.counts.items()):
            print(f"{count:9,} {name}")
        print(f"{acknowledged:9,} epochs acknowledged, of which {sum(lost.values())} lost\n"
              f"{soak.peak_kb >> 10:9,} MB of memory at most\n"
              f"{soak.longest_wrong:9.1f} s that health was wrong at most")
        self.assertEqual(soak.failures, [])
        self.assertEqual(sum(lost.values()), 0, lost)
        self.assertGreater(acknowledged, 0)
        self.assertGreater(soak.counts["kills"], 0)
        self.assertGreater(soak.counts["trainings"], 0)
        self.assertGreater(soak.counts["predictions"], 0)
        self.assertGreater(soak.counts["health right"], 0)
        self.assertLess(soak.longest_wrong, MAX_WRONG_SECONDS)
        self.assertLess(soak.peak_kb >> 10, MAX_MEMORY_MB)


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
    SECONDS, SEED = (numbers + [SECONDS, SEED][len(numbers):])[:2]
    sys.argv = sys.argv[:1]
    harness.main()
