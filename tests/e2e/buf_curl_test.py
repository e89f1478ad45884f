#!/usr/bin/env python3
"""buf curl knows nothing of Convoy: it learns every service from the coordinator's reflection and calls it.

    buf_curl_test.py FOLDER     where tests/node/node_packages.py installed buf; skipped (77) without it
"""
import base64
import json
import pathlib
import sys
import unittest

sys.dont_write_bytecode = True

import datasets
import harness
from http_test import HttpCoordinator
from harness import DONE, Run

SKIPPED = 77
SERVICES = {"convoy.v1.JobService", "convoy.v1.ModelService", "convoy.worker.v1.WorkerService",
            "grpc.health.v1.Health", "inference.GRPCInferenceService"}
PIXELS = 28 * 28
buf = pathlib.Path()


class BufCurlTest(harness.TrainerTest):
    def setUp(self):
        super().setUp()
        self.coordinator = HttpCoordinator(self, *harness.data_flags()).start()
        self.run_dir = Run(self.directory / "lesson")
        outcome = self.run_trainer(*harness.data_flags(), "--epochs", 1, "--run-dir", self.run_dir.path,
                                   "--coordinator", self.coordinator.address)
        self.assertEqual(outcome.code, DONE, outcome)

    def curl(self, *arguments):
        return self.start("curl", "--protocol", "grpc", "--http2-prior-knowledge", *arguments, program=buf,
                          env={"HOME": str(self.directory), "BUF_CACHE_DIR": str(self.directory)}).wait()

    def call(self, method, **fields):
        """The answer as JSON; of a stream the first message."""
        outcome = self.curl("-d", json.dumps(fields), f"http://{self.coordinator.address}/{method}")
        self.assertEqual(outcome.code, DONE, outcome)
        return json.JSONDecoder().raw_decode(outcome.out.lstrip())[0]

    def test_reflection_lists_every_service(self):
        listed = self.curl("--list-services", f"http://{self.coordinator.address}")
        self.assertEqual(listed.code, DONE, listed)
        self.assertLessEqual(SERVICES, set(listed.out.split()))

    def test_jobs_and_health(self):
        self.assertEqual(self.call("grpc.health.v1.Health/Check"), {"status": "SERVING"})
        summary = self.run_dir.summary()
        job = self.call("convoy.v1.JobService/ListJobs", page_size=5)["jobs"][0]
        self.assertEqual((job["name"], job["state"]), ("jobs/lesson", "SUCCEEDED"))
        self.assertEqual(job["weightsSha256"], summary["weights_sha256"])
        watched = self.call("convoy.v1.JobService/WatchJob", name="jobs/lesson")
        self.assertEqual(watched["job"]["state"], "SUCCEEDED")

    def test_by_connect_as_well(self):
        def ask(method, **fields):
            outcome = self.start("curl", "--protocol", "connect", "--schema", harness.ROOT / "proto", "-d",
                                 json.dumps(fields),
                                 f"http://127.0.0.1:{self.coordinator.http_port}/convoy.v1.JobService/{method}",
                                 program=buf, env={"HOME": str(self.directory),
                                                   "BUF_CACHE_DIR": str(self.directory)}).wait()
            return outcome
        for method, state in [("GetJob", lambda job: job["state"]), ("WatchJob", lambda told: told["job"]["state"])]:
            outcome = ask(method, name="jobs/lesson")
            self.assertEqual(outcome.code, DONE, outcome)
            self.assertEqual(state(json.JSONDecoder().raw_decode(outcome.out.lstrip())[0]), "SUCCEEDED")
        refused = ask("GetJob", name="jobs/unknown")
        self.assertNotEqual(refused.code, DONE, refused)
        self.assertIn("not_found", refused.err)

    def test_models(self):
        evaluation = self.call("convoy.v1.ModelService/EvaluateModel", name="models/lesson")
        self.assertEqual(evaluation["accuracy"], self.run_dir.summary()["test_accuracy"])
        pixels = base64.b64encode(datasets.head("t10k", 1)[0].tobytes()).decode()
        predicted = self.call("inference.GRPCInferenceService/ModelInfer", model_name="lesson",
                              inputs=[{"name": "input", "datatype": "UINT8", "shape": [1, 28, 28, 1]}],
                              raw_input_contents=[pixels])
        probabilities = base64.b64decode(predicted["rawOutputContents"][0])
        self.assertEqual(len(probabilities), 4 * datasets.CLASSES)

    def test_errors_arrive_with_their_code_and_message(self):
        process = "0123456789abcdef" * 2
        for method, fields in [("convoy.v1.JobService/GetJob", {"name": "jobs/unknown"}),
                               ("convoy.worker.v1.WorkerService/Heartbeat",
                                {"job": "jobs/unknown", "process_id": process})]:
            refused = self.curl("-d", json.dumps(fields), f"http://{self.coordinator.address}/{method}")
            self.assertNotEqual(refused.code, DONE, refused)
            self.assertIn("not_found", refused.err)
            self.assertIn("jobs/unknown", refused.err)


if __name__ == "__main__":
    installed = list(pathlib.Path(sys.argv.pop()).glob("node_modules/@bufbuild/buf-*/bin/buf"))
    if not installed:
        print("skipped: buf is not installed (tests/node/node_packages.py)")
        sys.exit(SKIPPED)
    buf = installed[0]
    unittest.main(verbosity=2)
