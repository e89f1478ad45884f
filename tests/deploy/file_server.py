"""A local HTTP server for tests: it serves bytes, byte ranges of them, and misbehaves on request."""

import http.server
import re
import threading


class FileServer:
    """Serves `files` (path without the leading slash -> bytes) on 127.0.0.1 until closed.

    `requests` lists what was asked for, as (path, first byte asked for). `ranges` = False ignores
    ranges, as some servers do. `cut` = n breaks the connection after n bytes of each body.
    """

    def __init__(self, files: dict[str, bytes], ranges: bool = True, cut: int | None = None):
        self.files, self.ranges, self.cut = files, ranges, cut
        self.requests: list[tuple[str, int]] = []
        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def __enter__(self) -> "FileServer":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/"

    def _handler(self) -> type:
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # the name that http.server wants
                server.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        return Handler

    def answer(self, request: http.server.BaseHTTPRequestHandler) -> None:
        path = request.path.lstrip("/")
        asked = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
        first = int(asked.group(1)) if asked else 0
        self.requests.append((path, first))
        content = self.files.get(path)
        if content is None:
            request.send_error(404)
        elif first and self.ranges and first >= len(content):
            request.send_error(416)
        elif first and self.ranges:
            request.send_response(206)
            request.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
            self._send(request, content[first:])
        else:
            request.send_response(200)
            self._send(request, content)

    def _send(self, request: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        try:
            request.wfile.write(body if self.cut is None else body[: self.cut])
        except ConnectionError:
            pass  # the client hung up, as it does where it cannot resume
