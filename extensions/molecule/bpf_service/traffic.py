#!/usr/bin/python3
"""Real traffic: `traffic.py echo ADDRESS PORT` sends datagrams back, `traffic.py ask HOST:PORT …` asks by UDP and HTTP.

`ask` prints the sizes of the answers, which must come from whom they were asked: the sockets are connected.
"""

import socket
import sys
import urllib.request


def echo(address, port):
    with socket.socket(type=socket.SOCK_DGRAM) as server:
        server.bind((address, int(port)))
        while True:
            server.sendto(*server.recvfrom(65536))


def ask(*services):
    for service in services:
        host, port = service.split(":")
        with socket.socket(type=socket.SOCK_DGRAM) as client:
            client.settimeout(10)
            client.connect((host, int(port)))
            client.send(b"words" * 200)
            words = client.recv(65536)
        with urllib.request.urlopen(f"http://{service}/", timeout=10) as answer:
            print(service, len(words), len(answer.read()))


if __name__ == "__main__":
    {"echo": echo, "ask": ask}[sys.argv[1]](*sys.argv[2:])
