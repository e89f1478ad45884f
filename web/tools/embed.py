#!/usr/bin/env python3
"""Writes the C++ source that holds the page's files, for web/page_files.h.

    embed.py OUTPUT.cc FILE...

Each is served at "/" and its name, compressed as well where that is smaller.
"""
import gzip
import hashlib
import pathlib
import sys

TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8",
         ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
PER_LINE = 96
HEAD = """#include "web/page_files.h"

namespace convoy::web {
namespace {

constexpr http::StaticFile kFiles[] = {
"""
TAIL = """};

}  // namespace

std::span<const http::StaticFile> PageFiles() { return kFiles; }

}  // namespace convoy::web
"""


def literal(data):
    """A view of bytes; octal escapes of three digits cannot swallow what follows."""
    lines = (data[begin:begin + PER_LINE] for begin in range(0, len(data), PER_LINE))
    text = "\n".join('"' + "".join(f"\\{byte:03o}" for byte in line) + '"' for line in lines)
    return f"std::string_view({text}, {len(data)})" if data else "{}"


def entry(path):
    data = path.read_bytes()
    packed = gzip.compress(data, compresslevel=9, mtime=0)
    etag = f'\\"{hashlib.sha256(data).hexdigest()[:16]}\\"'
    return (f'{{.path = "/{path.name}", .content_type = "{TYPES[path.suffix]}",\n.bytes = {literal(data)},\n'
            f'.gzip = {literal(packed if len(packed) < len(data) else b"")},\n.etag = "{etag}"}},\n')


if __name__ == "__main__":
    output, *files = map(pathlib.Path, sys.argv[1:])
    output.write_text(HEAD + "".join(entry(file) for file in files) + TAIL)
