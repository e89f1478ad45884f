#!/usr/bin/env python3
"""A coordinator under those who take too much: connections, handshakes, bombs; and its end, however it is asked for."""
import collections
import contextlib
import gzip
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True

import grpc

import harness
from coordinators import COORDINATOR, messages
from harness import DONE
from http_test import HttpCoordinator

MIB = 1 << 20
LIST_JOBS = "/convoy.v1.JobService/ListJobs"
REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
STOPS_WITHIN = 10  # seconds; three of grace, and a busy machine
AT_ONCE = 2
HEARD_WITHIN = 10  # seconds; a job that is not heard of for so long is lost
MOST_THREADS = 450  # 400 that answer, and the server's own


class LimitedCoordinator(HttpCoordinator):
    """May open so few files; `descriptors` None: as many as the system allows."""

    descriptors = None

    def start(self):
        if self.descriptors is None:
            return super().start()
        limited = ["-c", f'ulimit -n {self.descriptors}; exec "$0" "$@"', COORDINATOR, *self.command()]
        return self._started(self._test.start(*limited, program="sh"))

    def status(self, field):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split(f"{field}:")[1].split()[0])

    def peak_bytes(self):
        return self.status("VmHWM") * 1024

    def is_asked(self):
        """A client that never was there before gets an answer."""
        with self.connect(self._credentials) as channel:
            call = channel.unary_unary(LIST_JOBS, request_serializer=None, response_deserializer=None)
            call(b"", timeout=20, wait_for_ready=True)


class CoordinatorLimitsTest(harness.TrainerTest):
    def start_coordinator(self, *flags, descriptors=None, credentials=None):
        coordinator = LimitedCoordinator(self, *flags)
        coordinator.descriptors, coordinator._credentials = descriptors, credentials
        return coordinator.start()

    def connections(self, port, count):
        """That many of them, which say nothing."""
        return [self.enter(contextlib.closing(socket.create_connection(("127.0.0.1", port), timeout=20)))
                for _ in range(count)]

    def assert_healthy(self, coordinator):
        coordinator.is_asked()
        # Its own connection to the gRPC port may be about to be made again.
        deadline = time.monotonic() + harness.TIMEOUT
        while b" 200 " not in (said := self.health(coordinator)):
            self.assertLess(time.monotonic(), deadline, said)
            time.sleep(0.2)

    def health(self, coordinator):
        with socket.create_connection(("127.0.0.1", coordinator.http_port), timeout=20) as page:
            page.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return page.makefile("rb").readline()

    def test_floods_of_connections_pass(self):
        coordinator = self.start_coordinator(descriptors=128)
        for port in (coordinator.port, coordinator.http_port):
            flood = self.connections(port, 200)
            for connection in flood:
                connection.close()
            self.assert_healthy(coordinator)
        # Who holds all that one address may have does not hold them for long by saying nothing.
        self.connections(coordinator.port, 200)
        self.assert_healthy(coordinator)

    def test_half_open_handshakes_pass(self):
        certs = self.directory / "certs"
        subprocess.run([harness.ROOT / "deploy" / "make-certs.sh", certs, "127.0.0.1"], check=True, capture_output=True)
        authority = grpc.ssl_channel_credentials((certs / "ca.pem").read_bytes())
        coordinator = self.start_coordinator("--tls-cert", certs / "server.pem", "--tls-key", certs / "server.key",
                                             descriptors=128, credentials=authority)
        greeting = ssl.MemoryBIO()
        client = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), greeting, server_hostname="localhost")
        with self.assertRaises(ssl.SSLWantReadError):
            client.do_handshake()
        for connection in self.connections(coordinator.port, 100):
            with contextlib.suppress(OSError):  # the surplus is closed
                connection.sendall(greeting.read()[:100])
        coordinator.is_asked()

    def test_bombs_are_refused_before_they_are_unpacked(self):
        coordinator = self.start_coordinator()
        self.assert_healthy(coordinator)
        before = coordinator.peak_bytes()
        zeros = bytes(128 * MIB)
        for algorithm in (grpc.Compression.Gzip, grpc.Compression.Deflate):
            with coordinator.connect() as channel, self.assertRaises(grpc.RpcError) as refused:
                call = channel.unary_unary(LIST_JOBS, request_serializer=None, response_deserializer=None)
                call(zeros, timeout=60, compression=algorithm)
            self.assertEqual(refused.exception.code(), grpc.StatusCode.UNIMPLEMENTED)
        bomb = gzip.compress(zeros)
        with socket.create_connection(("127.0.0.1", coordinator.http_port), timeout=20) as page:
            page.sendall(f"POST {LIST_JOBS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                         f"Content-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n".encode() + bomb)
            self.assertIn(b" 501 ", page.makefile("rb").readline())
        self.assertLess(coordinator.peak_bytes() - before, 32 * MIB)
        self.assert_healthy(coordinator)

    def publish(self, coordinator):
        """Has a network trained and returns its model's name."""
        outcome = self.run_trainer(*harness.data_flags(), "--train-limit", 320, "--epochs", 1, "--run-dir",
                                   self.directory / "lesson", "--coordinator", coordinator.address)
        self.assertEqual(outcome.code, DONE, outcome)
        return "models/lesson"

    def channels(self, coordinator, count):
        """Connections of their own."""
        options = [("grpc.use_local_subchannel_pool", 1)]
        return [self.enter(grpc.insecure_channel(coordinator.address, options=options)) for _ in range(count)]

    def assert_a_trainer_is_heard(self, coordinator):
        worker = messages("convoy/worker/v1/worker_service")
        identity = "0" * 31 + "1"
        request = worker.RegisterJobRequest(run_name="trainer", run_id=identity, process_id=identity, epochs=9,
                                            steps_per_epoch=9, run_key=identity)
        request.ranks.add(host="pc")
        with coordinator.connect() as channel:
            for method, message in (("RegisterJob", request),
                                    ("Heartbeat", worker.HeartbeatRequest(job="jobs/trainer", process_id=identity)),
                                    ("Heartbeat", worker.HeartbeatRequest(job="jobs/trainer", process_id=identity))):
                call = channel.unary_unary(f"/convoy.worker.v1.WorkerService/{method}", response_deserializer=None,
                                           request_serializer=type(message).SerializeToString)
                call(message, timeout=HEARD_WITHIN, wait_for_ready=True)

    def test_ten_thousand_calls_that_wait_take_no_threads_and_no_trainer_waits(self):
        coordinator = self.start_coordinator(*harness.data_flags())
        request = messages("convoy/v1/model_service").EvaluateModelRequest(name=self.publish(coordinator))
        before = coordinator.peak_bytes()
        calls = []
        for channel in self.channels(coordinator, 40):
            evaluate = channel.unary_unary("/convoy.v1.ModelService/EvaluateModel", response_deserializer=None,
                                           request_serializer=type(request).SerializeToString)
            calls += [evaluate.future(request) for _ in range(250)]
        self.assert_a_trainer_is_heard(coordinator)
        self.assertLess(coordinator.status("Threads"), MOST_THREADS)
        codes = collections.Counter(call.code() for call in calls[1:] if call.done())
        self.assertLessEqual(set(codes), {grpc.StatusCode.OK, grpc.StatusCode.RESOURCE_EXHAUSTED}, codes)
        for call in calls:
            call.cancel()
        self.assertLess(coordinator.peak_bytes() - before, 256 * MIB)
        self.assert_healthy(coordinator)

    def test_readers_who_do_not_read_take_no_threads_and_no_trainer_waits(self):
        coordinator = self.start_coordinator()
        request = messages("convoy/v1/model_service").DownloadModelRequest(name=self.publish(coordinator))
        downloads = []
        for channel in self.channels(coordinator, 40):
            download = channel.unary_stream("/convoy.v1.ModelService/DownloadModel", response_deserializer=None,
                                            request_serializer=type(request).SerializeToString)
            downloads += [download(request) for _ in range(25)]
        self.assert_a_trainer_is_heard(coordinator)
        self.assertLess(coordinator.status("Threads"), MOST_THREADS)
        for download in downloads:
            download.cancel()
        self.assert_healthy(coordinator)

    def test_silent_streams_of_reflection_take_no_threads_and_no_reader_waits(self):
        coordinator = self.start_coordinator()
        streams, forever = [], threading.Event()
        self.addCleanup(forever.set)
        for channel in self.channels(coordinator, 10):
            reflect = channel.stream_stream(REFLECTION, request_serializer=None, response_deserializer=None)
            streams += [reflect(iter(forever.wait, True)) for _ in range(60)]
        self.assert_healthy(coordinator)
        self.assertLess(coordinator.status("Threads"), MOST_THREADS)
        for stream in streams:
            stream.cancel()

    def test_a_signal_always_stops_it_in_order(self):
        for _ in range(4):
            coordinator = self.start_coordinator()
            # The kernel may give the signal to any thread when all of them go on.
            for number in (signal.SIGSTOP, signal.SIGCONT, signal.SIGTERM):
                coordinator.process.signal(number)
            outcome = coordinator.process.wait(STOPS_WITHIN)
            self.assertEqual(outcome.code, DONE, outcome)
            self.assertIn("coordinator stops", outcome.out)

    def test_a_second_signal_ends_it_at_once(self):
        coordinator = self.start_coordinator()
        with coordinator.connect() as channel:
            # A call that would use the whole grace.
            watch = channel.unary_stream("/grpc.health.v1.Health/Watch", request_serializer=None,
                                         response_deserializer=None)(b"")
            next(watch)
            coordinator.process.signal(signal.SIGTERM)
            coordinator.process.await_shown(b"coordinator stops")
            time.sleep(0.6)  # sooner it is the same wish, as `timeout` sends it twice
            begun = time.monotonic()
            coordinator.process.signal(signal.SIGTERM)
            outcome = coordinator.process.wait(STOPS_WITHIN)
        self.assertEqual(outcome.code, -signal.SIGTERM, outcome)
        self.assertLess(time.monotonic() - begun, AT_ONCE)


if __name__ == "__main__":
    harness.main()
