#!/usr/bin/env python3
"""The coordinator's HTTP port as clients that know nothing of Convoy see it: Python's http.client and bare sockets."""
import base64
import contextlib
import hashlib
import http.client
import io
import json
import pathlib
import socket
import struct
import sys
import time
import unittest
import zipfile

sys.dont_write_bytecode = True

import harness
from coordinators import CALL_SECONDS, Coordinator, free_port, messages
from harness import CONVOY, DONE, Run

JOBS = "/convoy.v1.JobService/"
MODELS = "/convoy.v1.ModelService/"
JSON = "application/json"
END_OF_STREAM = 2


class HttpCoordinator(Coordinator):
    def __init__(self, test, *flags):
        super().__init__(test, *flags)
        self.http_port = free_port()

    def command(self):
        command = super().command()
        command[command.index("--http") + 1] = f"127.0.0.1:{self.http_port}"
        return command

    def _started(self, process):
        """The HTTP port opens a moment after the gRPC port, whose services it calls."""
        super()._started(process)
        end = time.monotonic() + CALL_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.http_port), timeout=1).close()
                return self
            except ConnectionRefusedError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)


class HttpTest(harness.TrainerTest):
    flags = ()

    def setUp(self):
        super().setUp()
        self.coordinator = HttpCoordinator(self, *self.flags).start()

    def ask(self, path, body=None, verb=None, **headers):
        """Returns (status, headers, body)."""
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.coordinator.http_port,
                                                           timeout=20)) as connection:
            connection.request(verb or ("GET" if body is None else "POST"), path, body,
                               {name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()

    def call(self, method, token=None, **fields):
        """A unary call by Connect; returns (status, message or error)."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        status, _, body = self.ask(method, json.dumps(fields), Content_Type=JSON, **headers)
        return status, json.loads(body)

    def connect(self):
        connection = socket.create_connection(("127.0.0.1", self.coordinator.http_port), timeout=20)
        self.addCleanup(connection.close)
        return connection

    def raw(self, request):
        """Sends bytes and returns all that comes until the server closes."""
        connection = self.connect()
        connection.sendall(request)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(1 << 16):
                answer += piece
        return answer

    def assert_alive(self):
        self.assertEqual(self.ask("/healthz")[0], 200)
        self.assertEqual(self.call(JOBS + "ListJobs"), (200, {}))


class ConnectTest(HttpTest):
    flags = ("--data", "generated")

    def envelopes(self, stream):
        """Yields (flags, message) of a stream of envelopes."""
        while head := stream.read(5):
            flags, length = struct.unpack(">BI", head)
            yield flags, json.loads(stream.read(length))

    def watch(self, name, **headers):
        return self.stream(JOBS + "WatchJob", {"name": name}, **headers)

    def stream(self, method, fields, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.coordinator.http_port, timeout=60)
        self.addCleanup(connection.close)
        message = json.dumps(fields).encode()
        connection.request("POST", method, struct.pack(">BI", 0, len(message)) + message,
                           {"Content-Type": "application/connect+json", "Connect-Protocol-Version": "1", **headers})
        answer = connection.getresponse()
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, "application/connect+json"))
        return self.envelopes(answer)

    def test_a_job_is_listed_watched_and_asked_for(self):
        run = Run(self.directory / "lesson")
        trainer = self.start("--data", "generated", "--epochs", 2, "--run-dir", run.path,
                             "--coordinator", self.coordinator.address)
        self.coordinator.await_job("jobs/lesson", lambda job: job.step > 0)
        late = list(self.watch("jobs/lesson", **{"Connect-Timeout-Ms": "50"}))[-1]
        self.assertEqual((late[0], late[1]["error"]["code"]), (END_OF_STREAM, "deadline_exceeded"))
        messages = list(self.watch("jobs/lesson"))
        self.assertEqual(trainer.wait().code, DONE)
        self.assertEqual(messages[-1], (END_OF_STREAM, {}))
        states = [message["job"]["state"] for flags, message in messages[:-1] if flags == 0]
        self.assertEqual(states[-1], "SUCCEEDED")
        self.assertIn("RUNNING", states)
        status, listed = self.call(JOBS + "ListJobs")
        self.assertEqual((status, listed["jobs"][0]["name"]), (200, "jobs/lesson"))
        status, model = self.call("/convoy.v1.ModelService/GetModel", name="models/lesson")
        self.assertEqual(status, 200, model)
        self.assert_exports_are_the_converters(run)
        self.assert_drawings_are_bounded()
        self.assert_a_deleted_model_is_gone()

    def predict(self, side):
        """A bar drawn on a sheet of side x side pixels, as the page sends drawings; returns (status, answer)."""
        service = messages("convoy/v1/model_service")
        sheet = bytearray(b"\xff" * side * side)
        for row in range(side // 4, side // 2):
            sheet[row * side + side // 3:row * side + side // 2] = bytes(side // 2 - side // 3)
        request = service.PredictRequest(name="models/lesson", preparation=service.DRAWING)
        request.images.add().raw.MergeFrom(service.RawImage(height=side, width=side, pixels=bytes(sheet)))
        status, headers, body = self.ask(MODELS + "Predict", request.SerializeToString(), Content_Type="application/proto")
        binary = status == 200 and headers["Content-Type"] == "application/proto"
        return status, service.PredictResponse.FromString(body) if binary else body

    def assert_drawings_are_bounded(self):
        status, answer = self.predict(3900)  # 15 MB
        self.assertEqual((status, len(answer.predictions[0].probabilities)), (200, 10), answer)
        status, answer = self.predict(4200)  # 17 MB
        self.assertEqual((status, b"limit" in answer), (413, True), answer)
        self.assertEqual(self.predict(140)[0], 200)

    def assert_a_deleted_model_is_gone(self):
        for method in "Predict", "EvaluateModel", "GetFilters":
            self.assertNotEqual(self.call(MODELS + method, name="models/lesson")[0], 404, method)
        self.assertEqual(self.call(JOBS + "DeleteJob", name="jobs/lesson")[0], 200)
        end = time.monotonic() + CALL_SECONDS  # for a moment it is served without asking the store
        while self.call(MODELS + "GetFilters", name="models/lesson")[0] != 404:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)
        for method in "GetFilters", "EvaluateModel", "ListImages", "GetModel":
            status, error = self.call(MODELS + method, name="models/lesson")
            self.assertEqual((status, error["code"]), (404, "not_found"), method)
        self.assertEqual(self.predict(140)[0], 404)
        self.assert_alive()

    def exported(self, model, kind):
        """ExportModel's file: (name, bytes)."""
        (_, head), *chunks, end = self.stream("/convoy.v1.ModelService/ExportModel", {"name": model, "format": kind})
        self.assertEqual(end, (END_OF_STREAM, {}))
        content = b"".join(base64.b64decode(chunk["chunk"]) for _, chunk in chunks)
        self.assertEqual(hashlib.sha256(content).hexdigest(), head["file"]["sha256"])
        return head["file"]["name"], content

    def assert_exports_are_the_converters(self, run):
        """What is taken from the coordinator has the same bytes as what `convoy export` writes."""
        for kind, name in (("KERAS_H5", "lesson.h5"), ("KERAS_ARCHIVE", "lesson.keras"), ("ONNX", "lesson.onnx")):
            outcome = self.start("export", run.path, "--output", self.directory / name, program=CONVOY).wait()
            self.assertEqual(outcome.code, DONE, outcome)
            self.assertEqual(self.exported("models/lesson", kind), (name, (self.directory / name).read_bytes()))
        folder = self.directory / "web"
        self.start("export", run.path, "--format", "tfjs", "--output", folder, program=CONVOY).wait()
        name, archive = self.exported("models/lesson", "TFJS")
        self.assertEqual(name, "lesson-tfjs.zip")
        with zipfile.ZipFile(io.BytesIO(archive)) as files:
            self.assertEqual({entry: files.read(entry) for entry in files.namelist()},
                             {path.name: path.read_bytes() for path in folder.iterdir()})

    def test_a_stream_ends_with_its_error(self):
        self.assertEqual([(flags, message["error"]["code"]) for flags, message in self.watch("jobs/unknown")],
                         [(END_OF_STREAM, "not_found")])

    def test_bytes_of_protobuf(self):
        status, headers, body = self.ask("/grpc.health.v1.Health/Check", b"", "POST", Content_Type="application/proto")
        self.assertEqual((status, headers["Content-Type"], body), (200, "application/proto", b"\x08\x01"))

    def test_errors_have_the_protocols_code_and_status(self):
        status, error = self.call(JOBS + "GetJob", name="jobs/unknown")
        self.assertEqual((status, error["code"]), (404, "not_found"))
        self.assertIn("jobs/unknown", error["message"])
        cases = [
            (400, "invalid_argument", "{", {}),
            (400, "invalid_argument", '{"nam": "x"}', {}),
            (400, "invalid_argument", "{}", {"Connect_Protocol_Version": "2"}),
            (400, "invalid_argument", "{}", {"Connect_Timeout_Ms": "soon"}),
            (400, "invalid_argument", "{}", {"Authorization": "Bearer \xff"}),
            (504, "deadline_exceeded", "{}", {"Connect_Timeout_Ms": "0"}),
            (501, "unimplemented", "{}", {"Content_Encoding": "gzip"}),
            (415, "unknown", "{}", {"Content_Type": "text/plain"}),
            (415, "unknown", "{}", {"Content_Type": "application/connect+json"}),
            (415, "unknown", "{}", {"Content_Type": "application/json; charset=utf-16"}),
            (415, "unknown", "{}", {"Content_Type": "application/json; a=b; CHARSET = latin1"}),
        ]
        for kind in 'Application/JSON;Charset="UTF-8"', "application/json; a=b":
            self.assertEqual(self.ask(JOBS + "ListJobs", "{}", Content_Type=kind)[0], 200, kind)
        for status, code, body, headers in cases:
            with self.subTest(body=body, headers=headers):
                answer = self.ask(JOBS + "ListJobs", body, **{"Content_Type": JSON, **headers})
                self.assertEqual((answer[0], json.loads(answer[2])["code"]), (status, code))
        for path in (JOBS + "Unknown", "/convoy.worker.v1.WorkerService/Heartbeat", "/unknown.Service/Call"):
            self.assertEqual(self.ask(path, "{}", Content_Type=JSON)[0], 404, path)
        self.assertEqual(self.ask(JOBS + "ListJobs")[0], 405)
        self.assertEqual(self.ask("/healthz", "", "PUT")[0], 405)
        self.assert_alive()


class TokenTest(HttpTest):
    def setUp(self):
        self.flags = ("--token-file", self.token_file())
        super().setUp()

    def token_file(self):
        path = pathlib.Path(harness.tempfile.mkdtemp(prefix="convoy-token.")) / "token"
        self.addCleanup(harness.shutil.rmtree, path.parent)
        path.write_text("secret\n")
        path.chmod(0o600)
        return path

    def test_the_token_is_passed_on(self):
        for token, status, code in [(None, 401, "unauthenticated"), ("wrong", 401, "unauthenticated"),
                                    ("secret", 404, "not_found")]:
            answer = self.call(JOBS + "CancelJob", token, name="jobs/unknown")
            self.assertEqual((answer[0], answer[1]["code"]), (status, code))


class BadInputTest(HttpTest):
    def test_other_sites_and_names_are_refused(self):
        for host in "evil.example", "127.0.0.1:80, evil.example", "localhost:80@evil.example":
            self.assertEqual(self.ask("/healthz", Host=host)[0], 421, host)
        self.assertEqual(self.ask(JOBS + "ListJobs", "{}", Origin="http://evil.example")[0], 403)
        self.assertEqual(self.ask(JOBS + "ListJobs", "{}", Sec_Fetch_Site="cross-site")[0], 403)
        self.assertEqual(self.ask("/healthz", Host="localhost:1")[0], 200)

    def test_paths_have_one_form(self):
        for path in ("/../etc/passwd", "/%2e%2e/etc/passwd", "//healthz", "/a/./b", "/%2fhealthz", "/%00", "/%"):
            self.assertEqual(self.ask(path)[0], 400, path)
        self.assertEqual(self.ask("/nothing")[0], 404)

    def test_sizes_are_bounded(self):
        self.assertEqual(self.ask(JOBS + "ListJobs", b" " * (17 << 20), Content_Type=JSON)[0], 413)
        self.assertEqual(self.ask(JOBS + "ListJobs", iter([b" " * (1 << 20)] * 17), Content_Type=JSON)[0], 413)
        self.assertEqual(self.ask("/healthz", b"x", "GET")[0], 413)
        self.assertEqual(self.ask("/healthz", X_Long="x" * 9000)[0], 431)
        self.assertEqual(self.ask("/" + "x" * 9000)[0], 431)
        self.assert_alive()

    def test_what_is_not_http_is_refused(self):
        for request in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"GET\r\n\r\n",
                        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET /healthz HTTP/1.1\r\n\r\n",
                        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nhost: localhost\r\n\r\n",
                        b"POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
                        # Two lengths, of which a proxy before this server might believe the other one.
                        b"POST /v2/repository/index HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
                        b"POST /v2/repository/index HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                        b"POST /v2/repository/index HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"):
            self.assertIn(b" 400 ", self.raw(request).split(b"\r\n")[0], request)
        self.assert_alive()

    def test_half_sent_requests_end_soon(self):
        half_header, half_body = self.connect(), self.connect()
        half_header.sendall(b"GET /healthz HTTP/1.1\r\nHost: local")
        half_body.sendall(b"POST " + JOBS.encode() + b"ListJobs HTTP/1.1\r\nHost: localhost\r\n"
                          b"Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{}")
        begin = time.monotonic()
        self.assertEqual(half_header.recv(100), b"")
        self.assertLess(time.monotonic() - begin, 5)
        half_body.shutdown(socket.SHUT_WR)
        self.assertIn(b" 400 ", half_body.recv(1000).split(b"\r\n")[0])
        self.assert_alive()

    def test_a_thousand_connections(self):
        # All come from one address, of which half as many may be open as there are in all.
        opened = [self.connect() for _ in range(500)]
        self.assert_alive()
        refused = 0
        for _ in range(500):
            connection = self.connect()
            connection.settimeout(0.05)
            with contextlib.suppress(TimeoutError, ConnectionResetError):
                refused += connection.recv(100).startswith(b"HTTP/1.1 503")
        self.assertGreater(refused, 400)
        for connection in opened:
            connection.close()
        self.assert_alive_again()

    def assert_alive_again(self):
        """The server learns of the closed connections in its own time."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with contextlib.suppress(ConnectionResetError, BrokenPipeError):
                if self.ask("/healthz")[0] == 200:
                    return self.assert_alive()
            time.sleep(0.05)
        self.fail("no connection is free again")

    def test_sigterm_ends_it_with_clients_connected(self):
        idle, half = self.connect(), self.connect()
        half.sendall(b"GET /hea")
        begin = time.monotonic()
        self.assertEqual(self.coordinator.stop().code, DONE)
        self.assertLess(time.monotonic() - begin, 5)
        self.assertEqual(idle.recv(1), b"")


if __name__ == "__main__":
    unittest.main(verbosity=2)
