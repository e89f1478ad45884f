"""A client of the Open Inference Protocol, version 2, that knows nothing of Convoy: its messages are
built from the protocol's public tables of fields (open-inference-protocol and Triton's
grpc_service.proto), not from our .proto files, and sent by Debian's python3-grpcio.
"""
import struct

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

CALL_SECONDS = 20

# Message: its fields as (name, number, type); "*" marks a repeated one, "." one of these messages.
FIELDS = {
    "ServerLiveRequest": [], "ServerReadyRequest": [], "ServerMetadataRequest": [],
    "ServerLiveResponse": [("live", 1, "bool")],
    "ServerReadyResponse": [("ready", 1, "bool")],
    "ServerMetadataResponse": [("name", 1, "string"), ("version", 2, "string"), ("extensions", 3, "string*")],
    "ModelReadyRequest": [("name", 1, "string"), ("version", 2, "string")],
    "ModelReadyResponse": [("ready", 1, "bool")],
    "ModelMetadataRequest": [("name", 1, "string"), ("version", 2, "string")],
    "TensorMetadata": [("name", 1, "string"), ("datatype", 2, "string"), ("shape", 3, "int64*")],
    "ModelMetadataResponse": [("name", 1, "string"), ("versions", 2, "string*"), ("platform", 3, "string"),
                              ("inputs", 4, ".TensorMetadata*"), ("outputs", 5, ".TensorMetadata*")],
    "InferTensorContents": [("uint_contents", 4, "uint32*"), ("fp32_contents", 6, "float*")],
    "InferTensor": [("name", 1, "string"), ("datatype", 2, "string"), ("shape", 3, "int64*"),
                    ("contents", 5, ".InferTensorContents")],
    "RequestedOutput": [("name", 1, "string")],
    "ModelInferRequest": [("model_name", 1, "string"), ("model_version", 2, "string"), ("id", 3, "string"),
                          ("inputs", 5, ".InferTensor*"), ("outputs", 6, ".RequestedOutput*"),
                          ("raw_input_contents", 7, "bytes*")],
    "ModelInferResponse": [("model_name", 1, "string"), ("model_version", 2, "string"), ("id", 3, "string"),
                           ("outputs", 5, ".InferTensor*"), ("raw_output_contents", 6, "bytes*")],
    "RepositoryIndexRequest": [("repository_name", 1, "string"), ("ready", 2, "bool")],
    "ModelIndex": [("name", 1, "string"), ("version", 2, "string"), ("state", 3, "string"),
                   ("reason", 4, "string")],
    "RepositoryIndexResponse": [("models", 1, ".ModelIndex*")],
}
PACKAGE = "independent"


def _classes():
    """The messages' classes by name."""
    field_type = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="independent.proto", package=PACKAGE, syntax="proto3")
    for name, fields in FIELDS.items():
        message = file.message_type.add(name=name)
        for field, number, kind in fields:
            repeated, kind = kind.endswith("*"), kind.rstrip("*")
            added = message.field.add(
                name=field, number=number,
                label=field_type.LABEL_REPEATED if repeated else field_type.LABEL_OPTIONAL)
            if kind.startswith("."):
                added.type, added.type_name = field_type.TYPE_MESSAGE, f".{PACKAGE}{kind}"
            else:
                added.type = getattr(field_type, f"TYPE_{kind.upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    factory = message_factory.MessageFactory(pool)
    return {name: factory.GetPrototype(pool.FindMessageTypeByName(f"{PACKAGE}.{name}")) for name in FIELDS}


MESSAGES = _classes()


class Client:
    def __init__(self, address):
        self._channel = grpc.insecure_channel(address)

    def close(self):
        self._channel.close()

    def call(self, method, **fields):
        request = MESSAGES[f"{method}Request"](**fields)
        call = self._channel.unary_unary(f"/inference.GRPCInferenceService/{method}",
                                         request_serializer=type(request).SerializeToString,
                                         response_deserializer=MESSAGES[f"{method}Response"].FromString)
        return call(request, timeout=CALL_SECONDS)

    def infer_raw(self, model, images, datatype="FP32"):
        """The probabilities of each image (rows of numbers from 0 to 1), asked for as tritonclient does."""
        pack = {"FP32": lambda row: struct.pack(f"<{len(row)}f", *row),
                "UINT8": lambda row: bytes(round(255 * value) for value in row)}[datatype]
        answer = self.call("ModelInfer", model_name=model, id="raw",
                           inputs=[self._tensor(images, datatype)],
                           raw_input_contents=[b"".join(pack(row) for row in images)])
        (output,), (raw,) = answer.outputs, answer.raw_output_contents
        assert not output.HasField("contents") and answer.id == "raw"
        return self._rows(struct.unpack(f"<{len(raw) // 4}f", raw), output.shape)

    def infer_typed(self, model, images):
        """The same, asked for as people do with grpcurl."""
        tensor = self._tensor(images, "FP32")
        for row in images:
            tensor.contents.fp32_contents.extend(row)
        answer = self.call("ModelInfer", model_name=model, id="typed", inputs=[tensor])
        (output,) = answer.outputs
        assert not answer.raw_output_contents and answer.id == "typed"
        return self._rows(tuple(output.contents.fp32_contents), output.shape)

    @staticmethod
    def _tensor(images, datatype):
        return MESSAGES["InferTensor"](name="input", datatype=datatype, shape=[len(images), 28, 28, 1])

    @staticmethod
    def _rows(values, shape):
        images, classes = shape
        assert len(values) == images * classes
        return [values[i * classes:(i + 1) * classes] for i in range(images)]
