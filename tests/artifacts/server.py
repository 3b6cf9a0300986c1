"""A real HTTP server on 127.0.0.1 that misbehaves as told."""

import base64
import hashlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from netlab.artifacts.client import Limits

QUICK = Limits(attempts=3, redirects=4, connect_s=2, stall_s=0.3, total_s=5, backoff_s=0.01, patience_s=2)
"""Limits with which a test does not wait."""


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Quiet(ThreadingHTTPServer):
    """Says nothing of clients that hang up, which is what some tests do."""

    daemon_threads = True

    def handle_error(self, request, client_address):
        pass


class Server:
    """Serves ``files`` (path → bytes); ``rules`` (path → function of the handler) decide on other behaviour."""

    def __init__(self):
        self.files = {}
        self.rules = {}
        self.asked = []
        """(path, Range header) of every request."""
        self.headers = []
        """All headers of every request."""
        self.end = threading.Event()
        self._server = Quiet(("127.0.0.1", 0), type("Handler", (Handler,), {"owner": self}))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        self.host = f"127.0.0.1:{self._server.server_port}"
        self.url = f"http://{self.host}"

    def close(self):
        self.end.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def ranges(self, path):
        return [range_ for asked, range_ in self.asked if asked == path]


class Handler(BaseHTTPRequestHandler):
    """Knows Range and If-Range, as any file server does."""

    owner: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.owner.asked.append((self.path, self.headers.get("Range")))
        self.owner.headers.append(dict(self.headers))
        rule = self.owner.rules.get(self.path)
        if rule is None or rule(self) is USUAL:
            self.usual()

    def do_CONNECT(self):
        """Be a proxy that lets nobody through."""
        self.owner.asked.append((f"CONNECT {self.path}", None))
        self.owner.headers.append(dict(self.headers))
        self.answer(502, b"")
        self.close_connection = True

    def usual(self):
        data = self.owner.files.get(self.path)
        if data is None:
            self.answer(404, b"no such file")
            return
        tag = f'"{sha256(data)[:8]}"'
        wanted = self.headers.get("Range")
        if wanted and self.headers.get("If-Range", tag) == tag:
            begin = int(wanted.removeprefix("bytes=").rstrip("-"))
            if begin >= len(data):
                self.answer(416, b"")
                return
            head = {"Content-Range": f"bytes {begin}-{len(data) - 1}/{len(data)}", "ETag": tag}
            self.answer(206, data[begin:], **head)
            return
        self.answer(200, data, ETag=tag)

    def answer(self, status, body, *, length=None, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


USUAL = object()
"""What a rule returns that leaves the request to the usual behaviour."""


def once(rule):
    """Apply a rule to the first request only."""
    turns = iter([rule])

    def first(handler):
        now = next(turns, None)
        return USUAL if now is None else now(handler)

    return first


def truncated(count):
    """Promise all and send the first ``count`` bytes."""

    def rule(handler):
        data = handler.owner.files[handler.path]
        handler.answer(200, data[:count], length=len(data), ETag=f'"{sha256(data)[:8]}"')
        handler.close_connection = True

    return rule


def stalling(count):
    """Send ``count`` bytes and then fall silent."""

    def rule(handler):
        data = handler.owner.files[handler.path]
        handler.answer(200, data[:count], length=len(data), ETag=f'"{sha256(data)[:8]}"')
        handler.wfile.flush()
        handler.owner.end.wait(20)
        handler.close_connection = True

    return rule


def trickling(pause):
    """Send a byte every ``pause`` seconds for ever."""

    def rule(handler):
        handler.answer(200, b"", length=1 << 20)
        while not handler.owner.end.wait(pause):
            try:
                handler.wfile.write(b"x")
            except OSError:
                return

    return rule


def status(code, **headers):
    return lambda handler: handler.answer(code, b"", **headers)


def redirect(to):
    return lambda handler: handler.answer(302, b"", Location=to)


def guarded(login):
    """Ask for a log-in, as a server with a password does."""
    wanted = f"Basic {base64.b64encode(login.encode()).decode()}"

    def rule(handler):
        if handler.headers.get("Authorization") == wanted:
            return USUAL
        handler.answer(401, b"", WWW_Authenticate='Basic realm="here"')
        return None

    return rule


def whole(handler):
    """Ignore Range."""
    handler.answer(200, handler.owner.files[handler.path])


def seconds(work):
    begin = time.monotonic()
    work()
    return time.monotonic() - begin
