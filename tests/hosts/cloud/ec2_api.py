"""EC2's API on 127.0.0.1: moto in server mode, with what it is without, and with failures on demand.

Run as a program: ``python ec2_api.py PORT``. ``Ec2Api`` starts it and talks to it.

What moto is without: placement groups, deletion of a launch template's versions, and the snapshot that a volume of an
image was made from. Regions are three instead of all. A test may have an action fail with one of EC2's error codes.
"""

import io
import json
import os
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

IMAGES = ("debian-13-amd64-20251006-2257", "debian-13-amd64-20260112-2354", "debian-12-amd64-20260112-2354")
REGIONS = ("eu-central-1", "eu-west-1", "us-east-1")
OWNER = "136693071363"
"""Debian's account."""
MARKERS = {"AWS_ACCESS_KEY_ID": "AKIAMARKERMARKERMARK", "AWS_SECRET_ACCESS_KEY": "MarkerOfASecretAccessKey"}
"""Credentials that moto takes, as it takes any; a test looks for them on disk."""


class Ec2Api:
    """The API in a process of its own."""

    def __init__(self, folder: Path, *, on_this_machine: bool = False) -> None:
        """``on_this_machine``: an instance with the private address 10.A.B.C has the public one 127.A.B.C."""
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        images = folder / "images.json"
        images.write_text(json.dumps([_image(number, name) for number, name in enumerate(IMAGES, 1)]))
        with (folder / "api.log").open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(self.port), *(["loopback"] if on_this_machine else [])],
                env={**os.environ, "MOTO_AMIS_PATH": str(images), "PYTHONPATH": os.pathsep.join(sys.path)},
                stdout=log,
                stderr=log,
            )
        self._wait()

    @property
    def environment(self) -> dict[str, str]:
        """What a client gets to talk to it."""
        return {
            **MARKERS,
            "AWS_ENDPOINT_URL": self.url,
            "NO_PROXY": "127.0.0.1",
            "AWS_MAX_ATTEMPTS": "2",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def fail(self, action: str, code: str, message: str = "as the test wants it", *, after: int = 0) -> None:
        """Have the action fail from its call number ``after`` + 1 on, until ``mend``."""
        self._tell("fail", {"action": action, "code": code, "message": message, "after": after})

    def mend(self) -> None:
        """Have nothing fail any more."""
        self._tell("mend", {})

    def hold(self, action: str) -> None:
        """Have the action never answer, until ``mend``."""
        self._tell("fail", {"action": action, "code": "", "message": "", "after": 0})

    def calls(self) -> list[str]:
        """The actions that were called so far, in order."""
        with urllib.request.urlopen(f"{self.url}/netlab-test/calls") as answer:
            return json.load(answer)

    def client(self, region: str):
        """EC2's own client, for a test that looks or tampers."""
        import boto3  # noqa: PLC0415 - an extra; the tests that need it ask for it

        login = {name.lower(): value for name, value in MARKERS.items()}
        return boto3.client("ec2", region_name=region, endpoint_url=self.url, **login)

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(10)

    def _tell(self, what: str, words: dict) -> None:
        request = urllib.request.Request(f"{self.url}/netlab-test/{what}", data=json.dumps(words).encode())
        urllib.request.urlopen(request).close()

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                assert time.monotonic() < deadline, "the API does not answer"
                assert self._process.poll() is None, "the API has ended"
                time.sleep(0.1)
            else:
                return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _image(number: int, name: str) -> dict:
    return {
        "ami_id": f"ami-{number:017x}",
        "name": name,
        "description": name,
        "creation_date": f"{name.split('-')[3][:4]}-{name.split('-')[3][4:6]}-01T00:00:00.000Z",
        "owner_id": OWNER,
        "state": "available",
        "public": True,
        "image_location": name,
        "sriov": "simple",
        "root_device_type": "ebs",
        "root_device_name": "/dev/xvda",
        "image_type": "machine",
        "architecture": "x86_64",
        "virtualization_type": "hvm",
        "hypervisor": "xen",
    }


class Front:
    """A WSGI application before moto's."""

    def __init__(self, inner, *, loopback: bool) -> None:
        self._inner = inner
        self._loopback = loopback
        self._calls: list[str] = []
        self._failing: dict[str, dict] = {}
        self._groups: dict[str, dict[str, str]] = {}

    def __call__(self, environ, start_response):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if environ["PATH_INFO"].startswith("/netlab-test/"):
            return self._control(environ["PATH_INFO"].rpartition("/")[2], body, start_response)
        environ["wsgi.input"] = io.BytesIO(body)
        words = dict(urllib.parse.parse_qsl(body.decode()))
        action = words.get("Action", "")
        self._calls.append(action)
        if (wanted := self._failing.get(action)) is not None:
            if wanted["after"] <= 0:
                return self._fail(action, wanted, start_response)
            wanted["after"] -= 1
        return self._answer(action, words, environ, start_response)

    def _fail(self, action, wanted, start_response):
        while not wanted["code"] and action in self._failing:
            time.sleep(0.1)
        return _refuse(start_response, wanted["code"] or "Unavailable", wanted["message"])

    def _answer(self, action, words, environ, start_response):
        if action.endswith(("PlacementGroup", "PlacementGroups")):
            return self._placement(action, words, start_response)
        if action == "DescribeRegions":
            items = (f"<item><regionName>{name}</regionName></item>" for name in REGIONS)
            return _answer(start_response, action, f"<regionInfo>{''.join(items)}</regionInfo>")
        if action == "DeleteLaunchTemplateVersions":  # before the template itself, with which they go
            return _answer(start_response, action, "")
        if action == "DescribeVolumes":  # each names the snapshot that it was made from
            return self._changed(environ, start_response, _with_snapshots)
        if action == "DescribeInstances" and self._loopback:
            return self._changed(environ, start_response, _on_this_machine)
        return self._inner(environ, start_response)

    def _changed(self, environ, start_response, change):
        """Answer as moto does, with a change."""
        sent = []
        body = b"".join(self._inner(environ, lambda status, headers, *_: sent.append((status, headers))))
        status, headers = sent[0]
        start_response(status, [(name, value) for name, value in headers if name.lower() != "content-length"])
        return [change(body)]

    def _control(self, what, body, start_response):
        if what == "fail":
            wanted = json.loads(body)
            self._failing[wanted["action"]] = wanted
        elif what == "mend":
            self._failing.clear()
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(self._calls).encode()]

    def _placement(self, action, words, start_response):
        """Answer as EC2's reference has it: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/."""
        name = words.get("GroupName", "")
        if action == "CreatePlacementGroup":
            if name in self._groups:
                return _refuse(start_response, "InvalidPlacementGroup.Duplicate", f"{name} exists")
            tags = {
                words[f"TagSpecification.1.Tag.{n}.Key"]: words[f"TagSpecification.1.Tag.{n}.Value"]
                for n in range(1, 20)
                if f"TagSpecification.1.Tag.{n}.Key" in words
            }
            self._groups[name] = tags
            return _answer(start_response, action, f"<placementGroup>{_group(name, tags)}</placementGroup>")
        if action == "DeletePlacementGroup":
            if self._groups.pop(name, None) is None:
                return _refuse(start_response, "InvalidPlacementGroup.Unknown", f"{name} does not exist")
            return _answer(start_response, action, "<return>true</return>")
        wanted = words.get("Filter.1.Value.1")
        items = [
            f"<item>{_group(group, tags)}</item>" for group, tags in self._groups.items() if wanted in {None, group}
        ]
        return _answer(start_response, action, f"<placementGroupSet>{''.join(items)}</placementGroupSet>")


def _with_snapshots(body):
    return body.replace(b"</volumeType>", b"</volumeType><snapshotId>snap-0</snapshotId>")


def _on_this_machine(body):
    """Give each instance a public address that is this machine's."""
    root = ET.fromstring(body)
    space = root.tag.partition("}")[0] + "}"
    for item in root.iter(f"{space}item"):
        public, private = item.find(f"{space}ipAddress"), item.find(f"{space}privateIpAddress")
        if public is not None and private is not None:
            public.text = f"127.{private.text.partition('.')[2]}"
    ET.register_namespace("", space.strip("{}"))
    return ET.tostring(root)


def _group(name, tags):
    items = "".join(
        f"<item><key>{escape(key)}</key><value>{escape(value)}</value></item>" for key, value in tags.items()
    )
    return (
        f"<groupName>{escape(name)}</groupName><strategy>cluster</strategy><state>available</state>"
        f"<groupId>pg-{abs(hash(name)):017x}</groupId><tagSet>{items}</tagSet>"
    )


def _answer(start_response, action, inside):
    start_response("200 OK", [("Content-Type", "text/xml")])
    space = "http://ec2.amazonaws.com/doc/2016-11-15/"
    text = f'<{action}Response xmlns="{space}"><requestId>test</requestId>{inside}</{action}Response>'
    return [text.encode()]


def _refuse(start_response, code, message):
    start_response("400 Bad Request", [("Content-Type", "text/xml")])
    errors = f"<Errors><Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error></Errors>"
    return [f"<Response>{errors}<RequestID>test</RequestID></Response>".encode()]


def main() -> None:
    from moto.server import DomainDispatcherApplication, create_backend_app  # noqa: PLC0415 - in its own process only
    from werkzeug.serving import run_simple  # noqa: PLC0415 - as above

    application = Front(DomainDispatcherApplication(create_backend_app), loopback="loopback" in sys.argv)
    run_simple("127.0.0.1", int(sys.argv[1]), application, threaded=True)


if __name__ == "__main__":
    main()
