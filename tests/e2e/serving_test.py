#!/usr/bin/env python3
"""What a network has learnt is asked for over the coordinator, by clients that know nothing of Convoy."""
import os
import struct
import sys
import zlib

sys.dont_write_bytecode = True

import grpc
import numpy as np

import datasets
import harness
from coordinators import Coordinator, messages
from harness import DONE, Run
from open_inference import Client

IMAGES = 40


def png(pixels):
    """A grey PNG of `pixels` [height, width], by the format's definition."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels.astype(np.uint8))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


class ServingTest(harness.TrainerTest):
    def setUp(self):
        super().setUp()
        self.coordinator = Coordinator(self, *harness.data_flags()).start()
        self.run_dir = Run(self.directory / "lesson")
        outcome = self.run_trainer(*harness.data_flags(), "--epochs", 3, "--run-dir", self.run_dir.path,
                                   "--coordinator", self.coordinator.address)
        self.assertEqual(outcome.code, DONE, outcome)
        self.client = Client(self.coordinator.address)
        self.addCleanup(self.client.close)
        self.images, self.labels = datasets.head("t10k", IMAGES)
        self.rows = (self.images.reshape(IMAGES, -1) / np.float32(255)).tolist()

    def ask_models(self, method, **fields):
        """Calls convoy.v1.ModelService."""
        service = messages("convoy/v1/model_service").DESCRIPTOR.services_by_name["ModelService"]
        rpc = service.methods_by_name[method]
        request = rpc.input_type._concrete_class(**fields)
        with grpc.insecure_channel(self.coordinator.address) as channel:
            call = channel.unary_unary(f"/{service.full_name}/{method}",
                                       request_serializer=type(request).SerializeToString,
                                       response_deserializer=rpc.output_type._concrete_class.FromString)
            return call(request, timeout=60)

    def assert_refused(self, code, words, call, *arguments, **fields):
        with self.assertRaises(grpc.RpcError) as raised:
            call(*arguments, **fields)
        self.assertEqual(raised.exception.code(), code, raised.exception)
        self.assertIn(words, raised.exception.details())

    def test_independent_clients_get_the_trained_networks_answers(self):
        client = self.client
        self.assertTrue(client.call("ServerLive").live)
        self.assertTrue(client.call("ServerReady").ready)
        self.assertEqual(client.call("ServerMetadata").name, "convoy")
        self.assertTrue(client.call("ModelReady", name="lesson").ready)
        self.assertFalse(client.call("ModelReady", name="another").ready)
        self.assertEqual([model.name for model in client.call("RepositoryIndex").models], ["lesson"])
        metadata = client.call("ModelMetadata", name="lesson")
        self.assertEqual(list(metadata.inputs[0].shape), [-1, 28, 28, 1])
        self.assertEqual((metadata.inputs[0].datatype, list(metadata.versions)), ("FP32", ["3"]))

        raw = client.infer_raw("lesson", self.rows)
        self.assertEqual(client.infer_typed("lesson", self.rows), raw)
        self.assertEqual(client.infer_raw("lesson", self.rows, "UINT8"), raw)
        # Whatever an image is sent with, its answer is the same to the bit.
        self.assertEqual([client.infer_raw("lesson", [row])[0] for row in self.rows], raw)
        right = np.mean(np.argmax(raw, axis=1) == self.labels)
        self.assertGreater(right, 0.7)

        self.assert_refused(grpc.StatusCode.NOT_FOUND, "another", client.infer_raw, "another", self.rows[:1])
        self.assert_refused(grpc.StatusCode.INVALID_ARGUMENT, "divide by 255", client.infer_typed, "lesson",
                            [[255.0] * 784])
        self.assert_refused(grpc.StatusCode.INVALID_ARGUMENT, "784", client.infer_typed, "lesson", [[0.0] * 783])

    def test_evaluation_is_the_trainers(self):
        summary = self.run_dir.summary()
        answer = self.ask_models("EvaluateModel", name="models/lesson", max_mistakes=5)
        self.assertEqual(answer.accuracy, summary["test_accuracy"])
        self.assertEqual(answer.loss, summary["test_loss"])
        self.assertEqual(answer.data_sha256, summary["data_sha256"])
        matrix = np.array([row.counts for row in answer.confusion_matrix])
        self.assertEqual(np.trace(matrix), round(answer.accuracy * answer.image_count))
        validation = self.ask_models("EvaluateModel", name="models/lesson", split=2)
        self.assertEqual(validation.accuracy, summary["validation_accuracy"])
        noisy = self.ask_models("EvaluateModel", name="models/lesson", noise_level=1.0)
        self.assertLess(noisy.accuracy, answer.accuracy)

    def test_earlier_epochs_are_asked_as_they_were(self):
        versions = self.ask_models("ListModelVersions", parent="models/lesson").models
        names = [model.name for model in versions]
        # Epochs of a moment may end before the one before is told; the first and the last are always there.
        self.assertEqual((names[0], names[-1]), ("models/lesson/versions/0", "models/lesson/versions/3"))
        self.assertEqual(names, sorted(set(names)))
        first, last = (self.ask_models("EvaluateModel", name=name) for name in (names[0], names[-1]))
        self.assertEqual((first.model_version, last.model_version), ("0", "3"))
        self.assertEqual(last.accuracy, self.run_dir.summary()["test_accuracy"])
        self.assertLess(first.accuracy, 0.5)
        self.assertEqual(versions[0].parameter_count, versions[-1].parameter_count)
        self.assertNotEqual(versions[0].weights_sha256, versions[-1].weights_sha256)
        epochs = self.run_dir.history()["val_accuracy"]
        for model in versions[1:-1]:
            told = {metric.name: metric.value for metric in model.metrics}
            self.assertEqual(told["val_accuracy"], epochs[int(model.version) - 1])
            validation = self.ask_models("EvaluateModel", name=model.name, split=2)
            self.assertEqual(validation.accuracy, told["val_accuracy"])
        self.assert_refused(grpc.StatusCode.NOT_FOUND, "ListModelVersions", self.ask_models, "GetModel",
                            name="models/lesson/versions/4")

    def test_a_cell_of_the_confusion_matrix_has_its_images(self):
        answer = self.ask_models("EvaluateModel", name="models/lesson", max_mistakes=1)
        worst = answer.mistakes[0]
        cell = {"name": "models/lesson", "label": worst.label, "predicted_label": worst.predicted_label}
        page = self.ask_models("ListImages", **cell, page_size=200)
        self.assertEqual(len(page.images), answer.confusion_matrix[worst.label].counts[worst.predicted_label])
        self.assertIn(worst, page.images)
        _, labels = datasets.head("t10k", worst.image_index + 1)
        self.assertEqual(labels[worst.image_index], worst.label)

    def test_pictures_of_any_size_are_read_as_the_digits_they_show(self):
        plain = np.argmax(self.client.infer_raw("lesson", self.rows), axis=1)
        pictures = []
        for image in self.images:
            picture = np.full((150, 200), 230.0)
            picture[4:144, 30:170] -= 200.0 * np.kron(image / 255, np.ones((5, 5)))
            pictures.append({"png": png(picture)})
        answer = self.ask_models("Predict", name="models/lesson", images=pictures)
        labels = [prediction.label for prediction in answer.predictions]
        # The drawn images that stand in for MNIST show a spot at its class's own place: they are no centred digits.
        if "CONVOY_DATA" in os.environ:
            self.assertTrue(all(prediction.preparation.inverted for prediction in answer.predictions))
            self.assertIn("cut out", answer.predictions[0].preparation.summary)
            self.assertGreaterEqual(np.mean(labels == plain), 0.8)

        broken = pictures[0]["png"][:200]
        self.assert_refused(grpc.StatusCode.INVALID_ARGUMENT, "images[0]: broken PNG", self.ask_models,
                            "Predict", name="models/lesson", images=[{"png": broken}])
        self.assert_refused(grpc.StatusCode.INVALID_ARGUMENT, "none given", self.ask_models, "Predict",
                            name="models/lesson")
        self.assert_refused(grpc.StatusCode.RESOURCE_EXHAUSTED, "at most 1024", self.ask_models, "Predict",
                            name="models/lesson", images=[{}] * 10000)


if __name__ == "__main__":
    harness.main()
