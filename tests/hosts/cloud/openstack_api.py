"""OpenStack's APIs on 127.0.0.1: Keystone in front, the other services of ``openstack_services`` behind it.

Written after the services' references (https://docs.openstack.org/api-ref/): what a lab needs of them, with their
states, their refusals and their words. A test may have a request fail, or never be answered.
"""

import json
import re
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.hosts.cloud.openstack_services import BlockStorage, Compute, Images, Network, Refused

PASSWORD = "MarkerOfAPassword"
TOKEN = "MarkerOfAToken"
PROJECT = "8a1e3c5d7f9b4c2e8a1e3c5d7f9b4c2e"
REGION = "RegionOne"


class OpenstackApi:
    """All services of one region, for one project."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.api = self
        self._lock = threading.Lock()
        self._failing: list[dict] = []
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.calls: list[str] = []
        self.network = Network(PROJECT)
        self.images = Images()
        self.volumes = BlockStorage(self.images)
        self.compute = Compute(self.network, self.images, self.volumes)
        self.without_volumes = False
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def environment(self) -> dict[str, str]:
        """What a client gets to talk to it."""
        return {
            "OS_AUTH_URL": f"{self.url}/identity/v3",
            "OS_USERNAME": "me",
            "OS_PASSWORD": PASSWORD,
            "OS_PROJECT_NAME": "mine",
            "OS_USER_DOMAIN_NAME": "Default",
            "OS_PROJECT_DOMAIN_NAME": "Default",
            "OS_REGION_NAME": REGION,
            "NO_PROXY": "127.0.0.1",
        }

    def fail(self, request: str, status: int, message: str, *, after: int = 0) -> None:
        """Have requests that fit (``POST .*/servers``) fail from number ``after`` + 1 on, until ``mend``."""
        self._failing.append({"request": re.compile(request), "status": status, "message": message, "after": after})

    def hold(self, request: str, *, after: int = 0) -> None:
        """Have requests that fit never be answered, until ``mend``."""
        self.fail(request, 0, "", after=after)

    def mend(self) -> None:
        """Have nothing fail any more."""
        self._failing.clear()

    def changes(self) -> list[str]:
        """The requests so far that changed something, in order."""
        return [call for call in self.calls if not call.startswith("GET ") and "/auth/tokens" not in call]

    def left(self) -> dict[str, list]:
        """Return what the project has, by kind, without the kinds of which there is nothing."""
        kinds = {**self.network.own(), **self.compute.own(), "volumes": list(self.volumes.volumes.values())}
        return {kind: things for kind, things in kinds.items() if things}

    def stop(self) -> None:
        """End it."""
        self.mend()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method: str, target: str, headers, body: bytes):
        """Return status, headers and body of the answer to a request."""
        path, _, query = target.partition("?")
        self.calls.append(f"{method} {path}")
        self._fail_or_not(f"{method} {path}")
        words = json.loads(body) if body else {}
        service, _, rest = path.strip("/").partition("/")
        with self._lock:
            if service == "identity":
                return self._identity(method, rest, words)
            if headers.get("X-Auth-Token") != TOKEN and not _is_discovery(rest):
                raise Refused(401, "The request you have made requires authentication.")
            return self._service(service, method, rest.rstrip("/"), dict(urllib.parse.parse_qsl(query)), words)

    def _service(self, service, method, rest, query, words):
        version, _, rest = rest.partition("/")
        if not rest.removeprefix(PROJECT):
            return 200, {}, self._versions(service, version)
        if service == "network":
            return self.network.answer(method, rest, query, words)
        if service == "compute":
            return self.compute.answer(method, rest, query, words)
        if service == "volume":
            return self.volumes.answer(method, rest.partition("/")[2], query, words)
        return self.images.answer(method, rest, query)

    def _versions(self, service, asked):
        name, newest, oldest = {
            "compute": ("v2.1", "2.96", "2.1"),
            "network": ("v2.0", "", ""),
            "image": ("v2.16", "", ""),
            "volume": ("v3.0", "3.70", "3.0"),
        }[service]
        link = {"rel": "self", "href": f"{self.url}/{service}/{asked or name.partition('.')[0]}/"}
        if service == "network":
            link["href"] = f"{self.url}/network/v2.0/"
        version = {"id": name, "status": "CURRENT", "links": [link], "version": newest, "min_version": oldest}
        return {"version": version} if service == "compute" else {"versions": [version]}

    def _identity(self, method, rest, words):
        if method == "GET":
            link = {"rel": "self", "href": f"{self.url}/identity/v3/"}
            return 200, {}, {"version": {"id": "v3.14", "status": "stable", "links": [link]}}
        user = words["auth"]["identity"]["password"]["user"]
        if rest != "v3/auth/tokens" or user["password"] != PASSWORD:
            raise Refused(401, "The request you have made requires authentication.")
        places = {
            "identity": "identity",
            "compute": "compute/v2.1",
            "network": "network",
            "image": "image",
            **({} if self.without_volumes else {"block-storage": f"volume/v3/{PROJECT}"}),
        }
        token = {
            "methods": ["password"],
            "user": {"id": "1", "name": user["name"], "domain": {"id": "default", "name": "Default"}},
            "project": {"id": PROJECT, "name": "mine", "domain": {"id": "default", "name": "Default"}},
            "roles": [{"id": "1", "name": "member"}],
            "issued_at": "2026-01-02T12:00:00.000000Z",
            "expires_at": "2099-01-02T12:00:00.000000Z",
            "catalog": [_endpoint(kind, f"{self.url}/{place}") for kind, place in places.items()],
        }
        return 201, {"X-Subject-Token": TOKEN}, {"token": token}

    def _fail_or_not(self, call):
        for wanted in list(self._failing):
            if not wanted["request"].fullmatch(call):
                continue
            if wanted["after"] > 0:
                wanted["after"] -= 1
            elif wanted["status"]:
                raise Refused(wanted["status"], wanted["message"])
            else:
                while wanted in self._failing:
                    time.sleep(0.1)


def _is_discovery(rest):
    return rest.strip("/") in {"", "v2.1", "v2.0", "v2", "v3", f"v3/{PROJECT}"}


def _endpoint(kind, url):
    name = {"id": kind, "interface": "public", "region": REGION, "region_id": REGION, "url": url}
    return {"id": kind, "type": kind, "name": kind, "endpoints": [name]}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            status, headers, answer = self.server.api.answer(self.command, self.path, self.headers, body)
        except Refused as error:
            status, headers, answer = error.status, {}, error.body(self.path)
        text = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(text)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _answer  # noqa: N815 - names of the base class

    def log_message(self, *words):
        """Say nothing."""
