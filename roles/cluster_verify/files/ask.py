"""ask.py QUESTIONS BYTES SECONDS: asks, and prints what was expected and seen, as JSON.

A question is {"name", "url"}, answered by 200 with BYTES bytes, or {"name", "server", "ask", "address"}: the name server's answer. Each is
asked again until it is answered as expected or SECONDS have passed.
"""

import json
import socket
import struct
import sys
import time
import urllib.error
import urllib.request

ATTEMPT_S = 5


def fetch(url):
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=ATTEMPT_S) as answer:
            return f"{answer.status} with {len(answer.read())} bytes"
    except urllib.error.HTTPError as error:
        return f"{error.code}"
    except (OSError, urllib.error.URLError) as error:
        return f"no answer ({getattr(error, 'reason', error)})"


def resolve(server, name):
    """The last address of the answer to a question for an A record (RFC 1035)."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    question = struct.pack(">6H", 0x6E6C, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">2H", 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(ATTEMPT_S)
        try:
            sock.sendto(question, (server, 53))
            answer = sock.recv(512)
        except OSError as error:
            return f"no answer ({error})"
    records = struct.unpack(">H", answer[6:8])[0]
    return socket.inet_ntoa(answer[-4:]) if records else f"no address (code {answer[3] & 15})"


def check(question, size, deadline):
    expected = question.get("address") or f"200 with {size} bytes"
    while True:
        seen = resolve(question["server"], question["ask"]) if "ask" in question else fetch(question["url"])
        if seen == expected or time.monotonic() > deadline:
            return {"name": question["name"], "expected": expected, "seen": seen}
        time.sleep(1)


def main():
    questions, size, seconds = json.loads(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    print(json.dumps([check(question, size, time.monotonic() + seconds) for question in questions]))


if __name__ == "__main__":
    main()
