"""A client of the REST half of the Open Inference Protocol, version 2, that knows nothing of Convoy: made from the
protocol's public text (inference_rest.md) and that of Triton's binary tensor data, with Python's urllib.
"""
import json
import urllib.error
import urllib.request

import numpy as np

SECONDS = 20
DATATYPES = {"FP32": np.float32, "UINT8": np.uint8}
LENGTH = "Inference-Header-Content-Length"


class Refused(Exception):
    def __init__(self, status, message):
        super().__init__(f"{status}: {message}")
        self.status, self.message = status, message


class Client:
    def __init__(self, address):
        self._root = f"http://{address}"
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def request(self, path, body=None, headers=None):
        """Returns (headers, bytes); raises Refused with the protocol's error."""
        request = urllib.request.Request(self._root + path, data=body, headers=headers or {})
        try:
            with self._opener.open(request, timeout=SECONDS) as answer:
                return answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                raise Refused(error.code, json.loads(error.read())["error"]) from None

    def get(self, path):
        return json.loads(self.request(path)[1])

    def post(self, path, value):
        return json.loads(self.request(path, json.dumps(value).encode(), {"Content-Type": "application/json"})[1])

    def infer(self, model, images, **output_parameters):
        """The first output, asked for in JSON."""
        return self.post(f"/v2/models/{model}/infer", {
            "id": "one", "inputs": [self._input(images, data=images.flatten().tolist())],
            "outputs": [{"name": "output", "parameters": output_parameters}]})["outputs"][0]

    def infer_binary(self, model, images):
        """The first output as an array, sent and answered as bytes behind the JSON."""
        head = json.dumps({
            "inputs": [self._input(images, parameters={"binary_data_size": images.nbytes})],
            "outputs": [{"name": "output", "parameters": {"binary_data": True}}]}).encode()
        headers, body = self.request(f"/v2/models/{model}/infer", head + images.tobytes(),
                                     {"Content-Type": "application/octet-stream", LENGTH: str(len(head))})
        length = int(headers[LENGTH])
        output = json.loads(body[:length])["outputs"][0]
        assert output["parameters"]["binary_data_size"] == len(body) - length
        return np.frombuffer(body[length:], DATATYPES[output["datatype"]]).reshape(output["shape"])

    @staticmethod
    def _input(images, **fields):
        datatype = next(name for name, kind in DATATYPES.items() if kind == images.dtype)
        return {"name": "input", "datatype": datatype, "shape": list(images.shape), **fields}
