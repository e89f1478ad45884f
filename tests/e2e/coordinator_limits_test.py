#!/usr/bin/env python3
"""A coordinator under those who take too much: connections, handshakes, bombs; and its end, however it is asked for."""
import contextlib
import gzip
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import time

sys.dont_write_bytecode = True

import grpc

import harness
from coordinators import COORDINATOR
from harness import DONE
from http_test import HttpCoordinator

MIB = 1 << 20
LIST_JOBS = "/convoy.v1.JobService/ListJobs"
STOPS_WITHIN = 10  # seconds; three of grace, and a busy machine
AT_ONCE = 2


class LimitedCoordinator(HttpCoordinator):
    """May open so few files; `descriptors` None: as many as the system allows."""

    descriptors = None

    def start(self):
        if self.descriptors is None:
            return super().start()
        limited = ["-c", f'ulimit -n {self.descriptors}; exec "$0" "$@"', COORDINATOR, *self.command()]
        return self._started(self._test.start(*limited, program="sh"))

    def peak_bytes(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024

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
