#!/usr/bin/env python3
"""A trained network is asked by REST clients: of the Open Inference Protocol and of TensorFlow Serving."""
import sys
import unittest

sys.dont_write_bytecode = True

import numpy as np

import datasets
import harness
import open_inference
import open_inference_rest
from harness import DONE, Run
from http_test import HttpCoordinator
from open_inference_rest import Refused

IMAGES = 8


class RestTest(harness.TrainerTest):
    def setUp(self):
        super().setUp()
        self.coordinator = HttpCoordinator(self, *harness.data_flags()).start()
        outcome = self.run_trainer(*harness.data_flags(), "--epochs", 1, "--run-dir",
                                   Run(self.directory / "lesson").path, "--coordinator", self.coordinator.address)
        self.assertEqual(outcome.code, DONE, outcome)
        self.client = open_inference_rest.Client(f"127.0.0.1:{self.coordinator.http_port}")
        self.pixels = datasets.head("t10k", IMAGES)[0].reshape(IMAGES, 28, 28, 1).astype(np.uint8)
        self.images = self.pixels / np.float32(255)

    def assert_refused(self, status, words, call, *arguments):
        with self.assertRaises(Refused) as raised:
            call(*arguments)
        self.assertEqual(raised.exception.status, status, raised.exception)
        self.assertIn(words, raised.exception.message)

    def test_all_of_it(self):
        self.server_and_model_are_described()
        self.predictions_are_those_of_grpc()
        self.classes_are_ranked()
        self.tensorflow_servings_clients_are_answered()
        self.mistakes_are_named()
        self.metrics_count_requests()

    def server_and_model_are_described(self):
        get = self.client.get
        self.assertIn("binary_tensor_data", get("/v2")["extensions"])
        self.assertEqual(get("/v2/health/live"), {"live": True})
        self.assertEqual(get("/v2/health/ready"), {"ready": True})
        self.assertEqual(get("/v2/models/lesson/ready"), {"ready": True})
        for path in ("/v2/models/lesson", "/v2/models/lesson/versions/1"):
            metadata = get(path)
            self.assertEqual((metadata["name"], metadata["versions"]), ("lesson", ["1"]))
            self.assertEqual(metadata["inputs"], [{"name": "input", "datatype": "FP32", "shape": [-1, 28, 28, 1]}])
        self.assertEqual(get("/v2/models/lesson/config")["output"][0]["dims"], [10])
        index = self.client.post("/v2/repository/index", {})
        self.assertEqual([(model["name"], model["state"]) for model in index], [("lesson", "READY")])

    def predictions_are_those_of_grpc(self):
        grpc_client = open_inference.Client(self.coordinator.address)
        self.addCleanup(grpc_client.close)
        expected = np.array(grpc_client.infer_raw("lesson", self.images.reshape(IMAGES, -1).tolist()), np.float32)
        expected = expected.reshape(IMAGES, 10)
        np.testing.assert_array_equal(self.client.infer_binary("lesson", self.images), expected)
        np.testing.assert_array_equal(self.client.infer_binary("lesson", self.pixels), expected)
        for images in (self.images, self.pixels):
            output = self.client.infer("lesson", images)
            self.assertEqual((output["datatype"], output["shape"]), ("FP32", [IMAGES, 10]))
            np.testing.assert_array_equal(np.array(output["data"], np.float32), expected.flatten())
        self.expected = expected

    def classes_are_ranked(self):
        output = self.client.infer("lesson", self.pixels, **{"classification": 2})
        self.assertEqual((output["datatype"], output["shape"]), ("BYTES", [IMAGES, 2]))
        first = [int(text.split(":")[1]) for text in output["data"][::2]]
        self.assertEqual(first, self.expected.argmax(axis=1).tolist())

    def tensorflow_servings_clients_are_answered(self):
        status = self.client.get("/v1/models/lesson")["model_version_status"]
        self.assertEqual((status[0]["version"], status[0]["state"]), ("1", "AVAILABLE"))
        for path in ("/v1/models/lesson:predict", "/v1/models/lesson/versions/1:predict"):
            answer = self.client.post(path, {"instances": self.images.tolist()})
            np.testing.assert_array_equal(np.array(answer["predictions"], np.float32), self.expected)
        answer = self.client.post("/v1/models/lesson:predict", {"inputs": self.images.tolist()})
        np.testing.assert_array_equal(np.array(answer["outputs"], np.float32), self.expected)

    def mistakes_are_named(self):
        client = self.client
        self.assert_refused(404, "another", client.get, "/v2/models/another")
        self.assert_refused(404, "no such model", client.get, "/v2/models/another/ready")
        self.assert_refused(404, "version", client.get, "/v2/models/lesson/versions/9")
        self.assert_refused(404, "path", client.get, "/v2/nothing")
        self.assert_refused(405, "POST", client.get, "/v2/models/lesson/infer")
        self.assert_refused(405, "GET", client.post, "/v2/health/live", {})
        self.assert_refused(400, "shape", client.infer, "lesson", self.images[:, :27])
        self.assert_refused(400, "inputs", client.post, "/v2/models/lesson/infer", {})
        self.assert_refused(400, "body", client.request, "/v2/models/lesson/infer", b"{")
        self.assert_refused(400, "inference-header-content-length", client.request, "/v2/models/lesson/infer", b"{}",
                            {open_inference_rest.LENGTH: "99"})
        self.assert_refused(404, "another", client.post, "/v1/models/another:predict",
                            {"instances": self.images.tolist()})
        self.assert_refused(400, "instances", client.post, "/v1/models/lesson:predict", {"instances": [[1], [2, 3]]})

    def metrics_count_requests(self):
        page = self.client.request("/metrics")[1].decode()
        samples = dict(line.rsplit(" ", 1) for line in page.splitlines() if not line.startswith("#"))
        self.assertGreater(float(samples['convoy_inference_requests_total{model="lesson",result="success"}']), 5)
        self.assertGreater(float(samples['convoy_inference_requests_total{model="lesson",result="failure"}']), 0)
        self.assertEqual(samples['convoy_inference_request_duration_seconds_count{model="lesson"}'],
                         samples['convoy_inference_requests_total{model="lesson",result="success"}'])
        self.assertEqual(samples['convoy_jobs{state="succeeded"}'], "1")
        self.assertEqual(samples['convoy_jobs{state="running"}'], "0")
        self.assertGreater(float(samples["process_resident_memory_bytes"]), 1e6)


if __name__ == "__main__":
    unittest.main(verbosity=2)
