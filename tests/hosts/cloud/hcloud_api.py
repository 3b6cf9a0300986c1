"""Hetzner Cloud's API on 127.0.0.1, as far as the plays ask it: small, with a memory, and with failures on demand.

Its answers have the form of https://docs.hetzner.cloud/reference/cloud, of after July 2026: a server has no datacenter.
What it refuses it refuses with the API's own codes, as far as the reference tells which. A page is two things long, so
that there are several.
"""

import base64
import hashlib
import ipaddress
import itertools
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

TOKEN = "MarkerOfATokenOfHetznerCloudMarkerOfATokenOfHetznerCloudMarkerOfA"
"""A test looks for it on disk."""
PAGE = 2
CREATED = "2026-11-27T12:00:00+00:00"
LIMIT = 32 * 1024
"""Of user data."""
KEY = re.compile(r"([a-z0-9A-Z]([-_.a-z0-9A-Z]{0,251}[a-z0-9A-Z])?/)?[a-z0-9A-Z]([-_.a-z0-9A-Z]{0,61}[a-z0-9A-Z])?")
VALUE = re.compile(r"([a-z0-9A-Z]([-_.a-z0-9A-Z]{0,61}[a-z0-9A-Z])?)?")
HOSTNAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?")
ZONES = {"fsn1": "eu-central", "hel1": "eu-central", "ash": "us-east"}
TYPES = {
    "ccx13": ("x86", "dedicated", 2, ("fsn1", "hel1")),
    "ccx23": ("x86", "dedicated", 4, ("fsn1", "hel1", "ash")),
    "cax11": ("arm", "shared", 2, ("fsn1",)),
}
IMAGES = (("debian-12", "x86"), ("debian-13", "x86"), ("debian-13", "arm"))
KINDS = ("servers", "networks", "firewalls", "ssh_keys", "placement_groups")
"""Of things that an account has, each of which has labels."""


class Refused(Exception):
    """The API's answer is an error."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def invalid(message: str) -> Refused:
    return Refused(422, "invalid_input", message)


class HcloudApi:
    """The API in a thread of this process."""

    def __init__(self) -> None:
        self.account = Account()
        self.calls: list[str] = []
        self._failing: dict[str, tuple[int, Refused | None]] = {}
        self._lock = threading.Lock()
        self._released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def environment(self) -> dict[str, str]:
        """What a client gets to talk to it."""
        url = f"http://127.0.0.1:{self._server.server_port}/v1"
        return {"HCLOUD_TOKEN": TOKEN, "HCLOUD_ENDPOINT": url, "NO_PROXY": "127.0.0.1"}

    def fail(self, call: str, code: str, message: str = "as the test wants it", *, after: int = 0) -> None:
        """Have a call, as ``POST /servers``, fail from its number ``after`` + 1 on, until ``mend``."""
        self._failing[call] = (after, Refused(403 if code == "forbidden" else 412, code, message))

    def hold(self, call: str, *, after: int = 0) -> None:
        """Have it never answer, until ``mend``."""
        self._released.clear()
        self._failing[call] = (after, None)

    def mend(self) -> None:
        """Have nothing fail any more."""
        self._failing.clear()
        self._released.set()

    def stop(self) -> None:
        """End it."""
        self.mend()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method: str, path: str, query: dict[str, str], body: dict, token: str) -> tuple[int, dict]:
        """Answer one request."""
        call = f"{method} {re.sub('[0-9]+', 'N', path)}"
        self.calls.append(call)
        try:
            self._maybe_fail(call, token)
            with self._lock:
                return self.account.answer(method, path.strip("/").split("/"), query, body)
        except Refused as refused:
            return refused.status, {"error": {"code": refused.code, "message": refused.message, "details": None}}

    def _maybe_fail(self, call: str, token: str) -> None:
        if token != f"Bearer {TOKEN}":
            raise Refused(401, "unauthorized", "unable to authenticate")
        after, refused = self._failing.get(call, (1, None))
        if call not in self._failing:
            return
        self._failing[call] = (after - 1, refused)
        if after <= 0 and refused:
            raise refused
        if after <= 0:
            self._released.wait(600)
            raise Refused(503, "unavailable", "it was held")

    def _handler(api) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - the handler has a self of its own
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                url = urlsplit(self.path)
                raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                query, token = dict(parse_qsl(url.query)), self.headers.get("Authorization", "")
                path = url.path.removeprefix("/v1")
                status, answer = api.answer(self.command, path, query, json.loads(raw or b"{}"), token)
                text = b"" if status == 204 else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - as the base class calls them

            def log_message(self, *_args) -> None:
                pass

        return Handler


class Account:
    """What a project has, and what can be done with it."""

    def __init__(self) -> None:
        self._ids = itertools.count(1001)
        self._actions: dict[int, dict] = {}
        self._waiting: dict[int, int] = {}
        self.things: dict[str, dict[int, dict]] = {kind: {} for kind in KINDS}
        self.user_data: dict[str, str] = {}
        self.things["locations"] = self._made([_location(name) for name in ZONES])
        self.things["server_types"] = self._made([_type(name, self.things["locations"]) for name in TYPES])
        self.things["images"] = self._made([_image(*image) for image in IMAGES])

    def answer(self, method: str, words: list[str], query: dict[str, str], body: dict) -> tuple[int, dict]:
        """Answer a request that may be made."""
        kind = words[0]
        if kind == "actions":
            return 200, {"action": self._polled(int(words[1]))}
        if kind not in self.things:
            raise Refused(404, "not_found", f"there is no {kind}")
        if len(words) == 1:
            return self._listed(kind, query) if method == "GET" else self._create(kind, body)
        thing = self._thing(kind, words[1])
        if len(words) == 4:
            action = getattr(self, f"_{words[3]}")(thing, body)
            return 201, {"action": action, "actions": [action]}
        if method == "DELETE":
            return self._delete(kind, thing)
        if method == "PUT":
            thing.update(_checked(body))
        return 200, {kind[:-1]: thing}

    def _made(self, things: list[dict]) -> dict[int, dict]:
        return {(number := next(self._ids)): {"id": number, **thing} for thing in things}

    def _named(self, kind: str, name: str | int) -> dict:
        found = [each for each in self.things[kind].values() if name in {each["name"], each["id"], str(each["id"])}]
        if not found:
            raise invalid(f"{kind[:-1]} {name} is not there")
        return found[0]

    def _thing(self, kind: str, number: str) -> dict:
        if not number.isdigit() or int(number) not in self.things[kind]:
            raise Refused(404, "not_found", f"{kind[:-1]} with ID '{number}' not found")
        return self.things[kind][int(number)]

    def _listed(self, kind: str, query: dict[str, str]) -> tuple[int, dict]:
        found = [each for each in self.things[kind].values() if _chosen(each, query)]
        page = int(query.get("page", 1))
        last = max(1, -(-len(found) // PAGE))
        pagination = {
            "page": page,
            "per_page": PAGE,
            "previous_page": page - 1 if page > 1 else None,
            "next_page": page + 1 if page < last else None,
            "last_page": last,
            "total_entries": len(found),
        }
        return 200, {kind: found[(page - 1) * PAGE : page * PAGE], "meta": {"pagination": pagination}}

    def _create(self, kind: str, body: dict) -> tuple[int, dict]:
        _checked(body)
        if any(each["name"] == body["name"] for each in self.things[kind].values()):
            raise Refused(409, "uniqueness_error", "name is already used")
        thing = {"id": next(self._ids), "name": body["name"], "labels": body.get("labels", {}), "created": CREATED}
        extra = getattr(self, f"_create_{kind[:-1]}")(thing, body)
        self.things[kind][thing["id"]] = thing
        return 201, {kind[:-1]: thing, **extra}

    def _create_ssh_key(self, thing: dict, body: dict) -> dict:
        digest = hashlib.md5(base64.b64decode(body["public_key"].split()[1])).hexdigest()
        thing |= {"public_key": body["public_key"], "fingerprint": ":".join(re.findall("..", digest))}
        return {}

    def _create_placement_group(self, thing: dict, body: dict) -> dict:
        if body["type"] != "spread":
            raise invalid("type must be spread")
        thing |= {"type": "spread", "servers": []}
        return {"action": None}

    def _create_firewall(self, thing: dict, body: dict) -> dict:
        thing |= {"rules": [_rule(rule) for rule in body.get("rules", [])], "applied_to": []}
        return {"actions": []}

    def _create_network(self, thing: dict, body: dict) -> dict:
        thing |= {
            "ip_range": str(ipaddress.IPv4Network(body["ip_range"])),
            "subnets": [],
            "routes": [],
            "servers": [],
            "load_balancers": [],
            "expose_routes_to_vswitch": False,
            "protection": {"delete": False},
        }
        return {}

    def _create_server(self, thing: dict, body: dict) -> dict:
        if not HOSTNAME.fullmatch(body["name"]) or len(body.get("user_data", "")) > LIMIT:
            raise invalid("name or user_data")
        kind = self._named("server_types", body["server_type"])
        location = self._named("locations", body["location"])
        if location["name"] not in [each["name"] for each in kind["locations"]]:
            raise invalid("unsupported location for server type")
        group = self._named("placement_groups", body["placement_group"]) if "placement_group" in body else None
        self.user_data[body["name"]] = body.get("user_data", "")
        thing |= {
            "status": "running" if body.get("start_after_create", True) else "off",
            "server_type": kind,
            "image": self._named("images", body["image"]),
            "location": location,
            "placement_group": group,
            "private_net": [],
            "public_net": self._public(thing["id"], body),
            "primary_disk_size": 80,
            "rescue_enabled": False,
            "locked": False,
            "backup_window": None,
            "iso": None,
            "volumes": [],
            "protection": {"delete": False, "rebuild": False},
        }
        for key in body.get("ssh_keys", []):
            self._named("ssh_keys", key)
        if group:
            group["servers"].append(thing["id"])
        password = None if body.get("ssh_keys") else "a password, which is mailed"
        return {"action": self._action("create_server", polls=2), "next_actions": [], "root_password": password}

    def _public(self, number: int, body: dict) -> dict:
        address = f"198.51.100.{number % 250 + 1}"
        wanted = body.get("public_net", {})
        if wanted.get("enable_ipv6", True):
            raise invalid("this test's API gives no IPv6")
        firewalls = [self._named("firewalls", each["firewall"]) for each in body.get("firewalls", [])]
        for firewall in firewalls:
            firewall["applied_to"].append({"type": "server", "server": {"id": number}})
        return {
            "ipv4": {"id": next(self._ids), "ip": address, "blocked": False, "dns_ptr": "host.example"},
            "ipv6": None,
            "floating_ips": [],
            "firewalls": [{"id": firewall["id"], "status": "applied"} for firewall in firewalls],
        }

    def _delete(self, kind: str, thing: dict) -> tuple[int, dict]:
        if kind == "firewalls" and thing["applied_to"]:
            raise Refused(409, "resource_in_use", f"firewall with ID '{thing['id']}' is still in use")
        del self.things[kind][thing["id"]]
        if kind != "servers":
            return 204, {}
        for firewall in self.things["firewalls"].values():
            firewall["applied_to"] = [each for each in firewall["applied_to"] if each["server"]["id"] != thing["id"]]
        for other in (*self.things["networks"].values(), *self.things["placement_groups"].values()):
            other["servers"] = [each for each in other["servers"] if each != thing["id"]]
        return 200, {"action": self._action("delete_server")}

    def _add_subnet(self, network: dict, body: dict) -> dict:
        wanted, whole = ipaddress.IPv4Network(body["ip_range"]), ipaddress.IPv4Network(network["ip_range"])
        if not wanted.subnet_of(whole) or body["network_zone"] not in ZONES.values():
            raise invalid("ip_range or network_zone")
        network["subnets"].append({**body, "gateway": str(whole[1]), "vswitch_id": None})
        return self._action("add_subnet")

    def _add_route(self, network: dict, body: dict) -> dict:
        to, whole = ipaddress.IPv4Network(body["destination"]), ipaddress.IPv4Network(network["ip_range"])
        taken = [each["ip_range"] for each in network["subnets"]] + [each["destination"] for each in network["routes"]]
        if not to.subnet_of(whole) or any(to.overlaps(ipaddress.IPv4Network(each)) for each in taken):
            raise invalid("destination")
        network["routes"].append(body)
        return self._action("add_route")

    def _set_rules(self, firewall: dict, body: dict) -> dict:
        firewall["rules"] = [_rule(rule) for rule in body["rules"]]
        return self._action("set_firewall_rules")

    def _attach_to_network(self, server: dict, body: dict) -> dict:
        network = self.things["networks"][body["network"]]
        address = ipaddress.IPv4Address(body["ip"])
        if not any(address in ipaddress.IPv4Network(each["ip_range"]) for each in network["subnets"]):
            raise Refused(422, "no_subnet_available", "no subnet or address is there")
        mac = f"86:00:00:00:{server['id'] >> 8:02x}:{server['id'] & 255:02x}"
        server["private_net"].append({"network": network["id"], "ip": body["ip"], "alias_ips": [], "mac_address": mac})
        network["servers"].append(server["id"])
        return self._action("attach_to_network")

    def _poweron(self, server: dict, _body: dict) -> dict:
        server["status"] = "running"
        return self._action("start_server")

    def _action(self, command: str, *, polls: int = 1) -> dict:
        number = next(self._ids)
        self._waiting[number] = polls
        self._actions[number] = {
            "id": number,
            "command": command,
            "status": "running",
            "progress": 0,
            "started": CREATED,
            "finished": None,
            "resources": [],
            "error": None,
        }
        return dict(self._actions[number])

    def _polled(self, number: int) -> dict:
        self._waiting[number] -= 1
        if self._waiting[number] <= 0:
            self._actions[number] |= {"status": "success", "progress": 100, "finished": CREATED}
        return self._actions[number]


def _chosen(thing: dict, query: dict[str, str]) -> bool:
    key, equals, value = query.get("label_selector", "").partition("=")
    labels = thing.get("labels", {})
    return (
        query.get("name") in {None, thing["name"]}
        and query.get("architecture") in {None, thing.get("architecture")}
        and (not key or (key in labels and (not equals or labels[key] == value)))
    )


def _checked(body: dict) -> dict:
    """Return what is asked for; refused where a label is none."""
    for key, value in (body.get("labels") or {}).items():
        if not KEY.fullmatch(key) or not VALUE.fullmatch(value):
            raise invalid(f"label {key}={value}")
    return body


def _rule(rule: dict) -> dict:
    return {"port": None, "description": None, "source_ips": [], "destination_ips": [], **rule}


def _location(name: str) -> dict:
    return {
        "name": name,
        "description": name,
        "country": "DE",
        "city": "Falkenstein",
        "latitude": 50.4,
        "longitude": 12.3,
        "network_zone": ZONES[name],
    }


def _type(name: str, locations: dict[int, dict]) -> dict:
    architecture, cpu, cores, places = TYPES[name]
    there = [place for place in locations.values() if place["name"] in places]
    return {
        "name": name,
        "description": name.upper(),
        "category": "general_purpose",
        "cores": cores,
        "memory": 4.0 * cores,
        "disk": 40 * cores,
        "storage_type": "local",
        "cpu_type": cpu,
        "architecture": architecture,
        "deprecated": False,
        "deprecation": None,
        "prices": [],
        "locations": [_offer(place) for place in there],
    }


def _offer(place: dict) -> dict:
    name = {"id": place["id"], "name": place["name"]}
    return {**name, "deprecation": None, "available": True, "recommended": True}


def _image(name: str, architecture: str) -> dict:
    return {
        "type": "system",
        "status": "available",
        "name": name,
        "description": name,
        "image_size": None,
        "disk_size": 5,
        "created": CREATED,
        "created_from": None,
        "bound_to": None,
        "os_flavor": "debian",
        "os_version": name.partition("-")[2],
        "rapid_deploy": True,
        "protection": {"delete": False},
        "deprecated": None,
        "deleted": None,
        "labels": {},
        "architecture": architecture,
    }
