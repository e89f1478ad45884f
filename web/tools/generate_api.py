#!/usr/bin/env python3
"""Writes the TypeScript of the coordinator's API from a set of descriptors that protoc made.

    generate_api.py DESCRIPTORS OUTPUT.ts

A message becomes an interface and a MessageType, which says how its bytes are read (web/src/rpc/wire.ts); an enum a
union of its values' names; a service an object of its methods. A field that a message may lack is optional; numbers of
64 bits are plain numbers where they count something (int64), bigint where all bits matter (uint64).
"""
import pathlib
import sys

from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field
from google.protobuf.descriptor_pb2 import FileDescriptorSet

KINDS = {
    Field.TYPE_DOUBLE: ("double", "number"), Field.TYPE_FLOAT: ("float", "number"),
    Field.TYPE_INT32: ("int32", "number"), Field.TYPE_UINT32: ("uint32", "number"),
    Field.TYPE_INT64: ("int64", "number"), Field.TYPE_UINT64: ("uint64", "bigint"),
    Field.TYPE_BOOL: ("bool", "boolean"), Field.TYPE_STRING: ("string", "string"),
    Field.TYPE_BYTES: ("bytes", "Uint8Array"),
}
HEAD = """// Made from the .proto files by web/tools/generate_api.py.
import { type MessageType, messageType, stream, unary } from "../rpc/wire";
"""


def short(full_name, package):
    """".convoy.v1.Job.State" is "JobState"; other packages' names keep their last parts alone."""
    return "".join(part for part in full_name.lstrip(".").removeprefix(package + ".").split(".") if part[0].isupper())


def camel(name):
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


class Generator:
    def __init__(self, files):
        self.files, self.lines, self.known = files, [HEAD], {}

    def claim(self, full_name, name):
        """Two messages of one short name would silently become one."""
        if self.known.setdefault(name, full_name) != full_name:
            raise SystemExit(f"{full_name} and {self.known[name]} would both be called {name}")
        return name

    def run(self):
        for file in self.files:
            for enum in file.enum_type:
                self.enum(file.package, "." + file.package + "." + enum.name, enum)
            for message in file.message_type:
                self.message(file.package, "." + file.package + "." + message.name, message)
        for file in self.files:
            for service in file.service:
                self.service(file.package, service)
        return "\n".join(self.lines)

    def enum(self, package, full_name, enum):
        name = self.claim(full_name, short(full_name, package))
        values = {value.number: value.name for value in enum.value}
        self.lines.append(f"export type {name} = {' | '.join(repr(value) for value in values.values())};")
        self.lines.append(f"const {name}Values: Record<number, string> = {values};\n")

    def message(self, package, full_name, message):
        for enum in message.enum_type:
            self.enum(package, f"{full_name}.{enum.name}", enum)
        for nested in message.nested_type:
            self.message(package, f"{full_name}.{nested.name}", nested)
        name = self.claim(full_name, short(full_name, package))
        self.lines.append(f"export interface {name} {{")
        self.lines += [f"  {self.property(field, package)};" for field in message.field]
        self.lines.append(f"}}\nexport const {name}: MessageType<{name}> = messageType(() => [")
        self.lines += [f"  {self.entry(field, package)}," for field in message.field]
        self.lines.append("]);\n")

    def kind(self, field, package):
        """Returns (kind, type in TypeScript, more of the entry)."""
        if field.type == Field.TYPE_MESSAGE:
            name = short(field.type_name, package)
            return "message", name, f", type: {name}"
        if field.type == Field.TYPE_ENUM:
            name = short(field.type_name, package)
            return "enum", name, f", values: {name}Values"
        if field.type not in KINDS:
            raise SystemExit(f"{field.name}: fields of type {field.type} are not read by wire.ts yet")
        return *KINDS[field.type], ""

    def property(self, field, package):
        _, type_name, _ = self.kind(field, package)
        if field.label == Field.LABEL_REPEATED:
            return f"{camel(field.name)}: " + ("Float32Array" if field.type == Field.TYPE_FLOAT else f"{type_name}[]")
        may_lack = field.type == Field.TYPE_MESSAGE or field.HasField("oneof_index")
        return f"{camel(field.name)}{'?' if may_lack else ''}: {type_name}"

    def entry(self, field, package):
        kind, _, more = self.kind(field, package)
        repeated = ", repeated: true" if field.label == Field.LABEL_REPEATED else ""
        optional = ", optional: true" if field.HasField("oneof_index") else ""
        return f'{{ no: {field.number}, name: "{camel(field.name)}", kind: "{kind}"{more}{repeated}{optional} }}'

    def service(self, package, service):
        self.lines.append(f"export const {service.name} = {{")
        for method in service.method:
            way = "stream" if method.server_streaming else "unary"
            request, response = (short(name, package) for name in (method.input_type, method.output_type))
            name = method.name[0].lower() + method.name[1:]
            self.lines.append(f'  {name}: {way}("/{package}.{service.name}/{method.name}", {request}, {response}),')
        self.lines.append("};\n")


if __name__ == "__main__":
    descriptors, output = map(pathlib.Path, sys.argv[1:])
    output.write_text(Generator(FileDescriptorSet.FromString(descriptors.read_bytes()).file).run())
