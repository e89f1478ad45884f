"""A server's messages and methods, as it describes them itself by gRPC's server reflection.

So nothing has to be generated, and client and server cannot be of different versions. Only the protocol of reflection
itself (grpc/reflection/v1alpha/reflection.proto) is written here, as far as it is used.
"""
import typing

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "grpc.reflection.v1alpha"
METHOD = f"/{PACKAGE}.ServerReflection/ServerReflectionInfo"
Field = descriptor_pb2.FieldDescriptorProto
# Message: name, number, type, label, type of message. Fields that are not used here are left out.
MESSAGES = {
    "ServerReflectionRequest": [("file_containing_symbol", 4, Field.TYPE_STRING, Field.LABEL_OPTIONAL, "")],
    "FileDescriptorResponse": [("file_descriptor_proto", 1, Field.TYPE_BYTES, Field.LABEL_REPEATED, "")],
    "ErrorResponse": [("error_message", 2, Field.TYPE_STRING, Field.LABEL_OPTIONAL, "")],
    "ServerReflectionResponse": [
        ("file_descriptor_response", 4, Field.TYPE_MESSAGE, Field.LABEL_OPTIONAL, "FileDescriptorResponse"),
        ("error_response", 7, Field.TYPE_MESSAGE, Field.LABEL_OPTIONAL, "ErrorResponse")],
}


def message_class(descriptor: typing.Any) -> type:
    """The class of a message; the way to get it was renamed in protobuf 4."""
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)
    return message_factory.MessageFactory(descriptor.file.pool).GetPrototype(descriptor)


def _own_messages() -> descriptor_pool.DescriptorPool:
    file = descriptor_pb2.FileDescriptorProto(name="convoy/reflection.proto", package=PACKAGE, syntax="proto3")
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, number, kind, label, of in fields:
            message.field.add(name=field, number=number, type=kind, label=label,
                              **({"type_name": f".{PACKAGE}.{of}"} if of else {}))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return pool


class Services:
    """The methods of a server, called by name with plain values."""

    def __init__(self, channel: typing.Any):
        self._channel, self._own = channel, _own_messages()
        self._pool, self._added = descriptor_pool.DescriptorPool(), set()

    def method(self, name: str) -> tuple[typing.Callable, type]:
        """Of "convoy.v1.JobService.ListJobs": what calls it, and the class of its request. LookupError for others."""
        service, _, method = name.rpartition(".")
        try:
            found = self._pool.FindServiceByName(service)
        except KeyError:
            self._learn(service)
            found = self._pool.FindServiceByName(service)
        if method not in found.methods_by_name:
            raise LookupError(f"{service} has no method {method}; it has {', '.join(found.methods_by_name)}")
        described = found.methods_by_name[method]
        proto = descriptor_pb2.MethodDescriptorProto()
        described.CopyToProto(proto)
        request, answer = message_class(described.input_type), message_class(described.output_type)
        call = self._channel.unary_stream if proto.server_streaming else self._channel.unary_unary
        return call(f"/{service}/{method}", request_serializer=request.SerializeToString,
                    response_deserializer=answer.FromString), request

    def _learn(self, symbol: str) -> None:
        """Asks for the file that describes the symbol, and those that it needs."""
        request, answer = (message_class(self._own.FindMessageTypeByName(f"{PACKAGE}.{name}"))
                           for name in ("ServerReflectionRequest", "ServerReflectionResponse"))
        call = self._channel.stream_stream(METHOD, request_serializer=request.SerializeToString,
                                           response_deserializer=answer.FromString)
        answered = next(call(iter([request(file_containing_symbol=symbol)]), timeout=10))
        if answered.error_response.error_message:
            raise LookupError(f"{symbol}: {answered.error_response.error_message}")
        files = [descriptor_pb2.FileDescriptorProto.FromString(data)
                 for data in answered.file_descriptor_response.file_descriptor_proto]
        self._add(files[0].name, {file.name: file for file in files})

    def _add(self, name: str, files: dict) -> None:
        """Adds a file to the pool, after those that it imports."""
        if name in self._added:
            return
        for needed in files[name].dependency:
            self._add(needed, files)
        self._pool.Add(files[name])
        self._added.add(name)
