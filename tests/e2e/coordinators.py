"""Runs a coordinator for the end-to-end tests and asks it, as any gRPC client would: with messages
that protoc makes from the .proto files, and Debian's python3-grpcio.

The environment says where the program is: CONVOY_COORDINATOR_PROGRAM (ctest sets it).
"""
import functools
import importlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

import grpc

import harness

COORDINATOR = pathlib.Path(os.environ.get("CONVOY_COORDINATOR_PROGRAM",
                                          harness.ROOT / "build" / "release" / "bin" / "coordinator"))
CALL_SECONDS = 20
_kept = []  # directories that live as long as the process


@functools.lru_cache
def messages(module):
    """The messages of proto/`module`.proto."""
    if not _kept:
        _kept.append(tempfile.TemporaryDirectory(prefix="convoy-e2e-proto."))
        protos = [str(path) for path in (harness.ROOT / "proto").rglob("*.proto")]
        subprocess.run(["protoc", f"--proto_path={harness.ROOT / 'proto'}", f"--python_out={_kept[0].name}",
                        *protos], check=True)
        sys.path.insert(0, _kept[0].name)
    return importlib.import_module(module.replace("/", ".") + "_pb2")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Coordinator:
    """A coordinator that can be killed and started again on the same port and store."""

    def __init__(self, test, *flags, credentials=None, address=None):
        self._test, self._flags, self._credentials = test, flags, credentials
        self.port, self.store = free_port(), test.directory / "store"
        self.address = address or f"127.0.0.1:{self.port}"
        self.process = None
        self._channel = None

    def command(self):
        return ["--listen", self.address, "--http", "127.0.0.1:0", "--store", self.store, *self._flags]

    def start(self):
        return self._started(self._test.start(*self.command(), program=COORDINATOR))

    def start_on_small_disk(self, size):
        """The store is on a disk of its own, of `size` bytes; skips the test where that may not be made."""
        self.store.mkdir()
        private = ["unshare", "--mount", "--map-root-user", "sh", "-ec"]
        mount = f"mount -t tmpfs -o size={size} tmpfs '{self.store}'"
        if subprocess.run([*private, mount], capture_output=True, check=False).returncode != 0:
            self._test.skipTest("this machine does not let us mount a disk (unshare --mount)")
        return self._started(self._test.start(*private[1:], f'{mount}; exec "$0" "$@"', COORDINATOR, *self.command(),
                                              program=private[0]))

    def make_room(self, size):
        """Makes the disk of its own `size` bytes large."""
        enter = ["nsenter", "--user", "--mount", "--preserve-credentials", "--target", str(self.process.pid)]
        subprocess.run([*enter, "mount", "-o", f"remount,size={size}", self.store], check=True)

    def _started(self, process):
        self.process = process
        self._channel = self.connect(self._credentials)
        grpc.channel_ready_future(self._channel).result(timeout=CALL_SECONDS)
        return self

    def connect(self, credentials=None):
        options = [("grpc.min_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 100)]
        if credentials:
            return grpc.secure_channel(self.address, credentials, options=options)
        return grpc.insecure_channel(self.address, options=options)

    def kill(self):
        self._channel.close()
        self.process.kill_all()
        self.process.wait()

    def stop(self):
        """SIGTERM; returns how it ended."""
        self._channel.close()
        self.process.signal(signal.SIGTERM)
        return self.process.wait()

    def call(self, method, token=None, **fields):
        """Calls JobService's `method` with a request of these fields."""
        service = messages("convoy/v1/job_service").DESCRIPTOR.services_by_name["JobService"]
        rpc = service.methods_by_name[method]
        request = rpc.input_type._concrete_class(**fields)
        call = self._channel.unary_unary(f"/{service.full_name}/{method}",
                                         request_serializer=type(request).SerializeToString,
                                         response_deserializer=rpc.output_type._concrete_class.FromString)
        metadata = [("authorization", f"Bearer {token}")] if token else None
        return call(request, timeout=CALL_SECONDS, metadata=metadata)

    def reflect(self, request):
        """Calls gRPC's server reflection with the bytes of a ServerReflectionRequest."""
        method = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
        call = self._channel.stream_stream(method, request_serializer=None, response_deserializer=None)
        return next(call(iter([request]), timeout=CALL_SECONDS))

    def job(self, name):
        return self.call("GetJob", name=name)

    def await_job(self, name, done):
        """Waits until done(job)."""
        deadline = time.monotonic() + harness.TIMEOUT
        while time.monotonic() < deadline:
            try:
                job = self.job(name)
                if done(job):
                    return job
            except grpc.RpcError as error:
                if error.code() != grpc.StatusCode.NOT_FOUND:
                    raise
            time.sleep(0.02)
        raise AssertionError(f"{name} did not come so far: {job}")

    def history(self, name):
        """Keras's history object, from the metrics of the epochs."""
        scope = messages("convoy/v1/job").MetricSample.EPOCH
        history = {}
        for sample in self.call("ListMetrics", parent=name, scope=scope).samples:
            for metric in sample.metrics:
                history.setdefault(metric.name, []).append(metric.value)
        return history
