#!/usr/bin/python3
"""Real traffic: `traffic.py echo ADDRESS PORT` sends datagrams back, `traffic.py ask HOST:PORT …` asks by UDP and HTTP,
`traffic.py pretend SOURCE ADDRESS` sends ten datagrams from an address of somebody else's.

`ask` prints the sizes of the answers, which must come from whom they were asked: the sockets are connected.
"""

import socket
import sys
import urllib.request

IP_TRANSPARENT = 19  # linux/in.h


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


def pretend(source, address):
    with socket.socket(type=socket.SOCK_DGRAM) as server:
        server.setsockopt(socket.IPPROTO_IP, IP_TRANSPARENT, 1)
        server.bind((source, 0))
        for _ in range(10):
            server.sendto(b"words", (address, 9))


if __name__ == "__main__":
    {"echo": echo, "ask": ask, "pretend": pretend}[sys.argv[1]](*sys.argv[2:])
