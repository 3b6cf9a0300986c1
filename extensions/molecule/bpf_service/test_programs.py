#!/usr/bin/python3
"""Sends packets of every kind through the programs that are loaded on this host, with the maps they work on.

    test_programs.py Local        on a node whose own pod is the service's backend
    test_programs.py Remote       on a node whose service's backend is on another
    test_programs.py Forgetting   anywhere, with maps of its own that have room for a few entries

BPF_PROG_TEST_RUN runs a program on a packet and returns what it did (the tc action) and what the packet has become; a
redirection is not carried out. Checksums are recomputed here from the whole packet, knowing nothing of the program.
"""

import ctypes
import functools
import ipaddress
import itertools
import os
import signal
import struct
import time
import unittest
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

OK, DROPPED, REDIRECTED = 0, 2, 7  # linux/pkt_cls.h
TCP, UDP, ICMP = 6, 17, 1
FIN, SYN, RST, ACK = 1, 2, 4, 16
PROG_TEST_RUN = 10

CLIENT, POD, SERVICE = "10.10.0.10", "10.244.0.2", "10.96.0.80"
OTHER_POD = "10.244.0.7"  # no such pod runs: its device is the loopback interface, the receiver in a test run
REMOTE_POD = "10.244.1.7"  # the same on the other node
LOOPBACK = 1
NODE_PORT, PORT = 30080, 80
PORTS = range(32768, 65536)
MANY_CLIENTS = "172.16.0.0/16"

_loader = SourceFileLoader("netlab_bpf", "/usr/local/lib/netlab/netlab-bpf")
tool = module_from_spec(spec_from_loader("netlab_bpf", _loader))
_loader.exec_module(tool)


# ---- packets ----


def checksum(data):
    """RFC 1071, over words of 16 bits: 0 where a valid checksum is part of the data."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip_bytes(address):
    return ipaddress.ip_address(address).packed


def segment(protocol, source, target, flags=0, payload=b""):
    """TCP or UDP from (address, port) to (address, port), checksum included."""
    if protocol == TCP:
        head, place = struct.pack("!HHIIBBHHH", source[1], target[1], 1, 1, 5 << 4, flags, 65535, 0, 0), 16
    else:
        head, place = struct.pack("!HHHH", source[1], target[1], 8 + len(payload), 0), 6
    data = head + payload
    pseudo = ip_bytes(source[0]) + ip_bytes(target[0]) + struct.pack("!BBH", 0, protocol, len(data))
    return data[:place] + struct.pack("!H", checksum(pseudo + data)) + data[place + 2 :]


def packet(protocol, source, target, flags=0, payload=b"", ttl=64, fragment=0, options=b"", mac=b"\0" * 6):
    """A frame of Ethernet. MAC addresses are 0 as those of the loopback interface, the receiver in a test run."""
    data = segment(protocol, source, target, flags, payload) if protocol in (TCP, UDP) else payload
    words = (5 + len(options) // 4) | 4 << 4, 0, 20 + len(options) + len(data), 7, fragment, ttl, protocol, 0
    head = struct.pack("!BBHHHBBH", *words) + ip_bytes(source[0]) + ip_bytes(target[0]) + options
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    return mac + b"\0" * 6 + b"\x08\0" + head + data


ARP = b"\xff" * 6 + b"\0" * 6 + b"\x08\x06" + b"\0" * 46
IPV6 = b"\0" * 12 + b"\x86\xdd" + b"\x60" + b"\0" * 59


def read(frame):
    """(source, target, TTL, payload) of a frame whose checksums are right."""
    head, data = frame[14:34], frame[34:]
    assert checksum(head) == 0, "the checksum of the IP header is wrong"
    protocol, source, target = head[9], str(ipaddress.ip_address(head[12:16])), str(ipaddress.ip_address(head[16:20]))
    ports = struct.unpack("!HH", data[:4])
    if protocol == TCP or data[6:8] != b"\0\0":
        pseudo = head[12:20] + struct.pack("!BBH", 0, protocol, len(data))
        assert checksum(pseudo + data) == 0, "the checksum of the segment is wrong"
    return (source, ports[0]), (target, ports[1]), head[8], data[20 if protocol == TCP else 8 :]


class Program:
    """A loaded program, and the device that its packets come by."""

    def __init__(self, fd, device=0):
        self.fd, self.device = fd, device
        self.context = ctypes.create_string_buffer(struct.pack("40xI", device), 44)  # struct __sk_buff up to ifindex
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.out = ctypes.create_string_buffer(4096)
        self.number = tool.SYSCALL[os.uname().machine]

    def __call__(self, frame):
        """(action, the frame as it is afterwards)"""
        attributes = self.attributes(ctypes.create_string_buffer(frame, len(frame)), len(frame))
        if self.libc.syscall(self.number, PROG_TEST_RUN, (ctypes.c_char * 80).from_buffer(attributes), 80) < 0:
            raise OSError(ctypes.get_errno(), "BPF_PROG_TEST_RUN")
        action, _, size = struct.unpack_from("III", attributes, 4)
        return action, self.out.raw[:size]

    def attributes(self, data, size):
        """What bpf(2) takes; the kernel writes the action to the bytes from 4 on."""
        self.data = data
        words = self.fd, 0, size, len(self.out), ctypes.addressof(data), ctypes.addressof(self.out)
        context = (len(self.context), ctypes.addressof(self.context)) if self.device else (0, 0)
        return bytearray(struct.pack("IIIIQQ8xI4xQ24x", *words, *context))


class Case(unittest.TestCase):
    """Ports are taken from one counter, so that no test meets another's connections."""

    port = 20000

    @classmethod
    def setUpClass(cls):
        cls.from_lab = Program(tool.pinned("programs/from_lab"))
        cls.pods = tool.endpoints()
        for address in (OTHER_POD, REMOTE_POD):
            cls.pods.set(ip_bytes(address), struct.pack("=I", LOOPBACK))
            cls.addClassCleanup(cls.pods.delete, ip_bytes(address))
        cls.node = tool.address_of("lab0")
        tool.run("ip", "route", "replace", MANY_CLIENTS, "dev", "lab0")
        cls.addClassCleanup(tool.run, "ip", "route", "del", MANY_CLIENTS)

    def client(self, address=CLIENT):
        Case.port += 1
        return address, Case.port

    def from_pod(self, frame, pod=None):
        """Send a frame by the device of the pod, or of the pod that has the frame's source."""
        device = struct.unpack("=I", self.pods.get(ip_bytes(pod) if pod else frame[26:30]))[0]
        return self.from_device(device)(frame)

    @staticmethod
    @functools.cache
    def from_device(device):
        return Program(tool.pinned("programs/from_pod"), device)

    def passes(self, program, *words, **more):
        """What a packet becomes that is redirected: (source, target)."""
        payload = more.setdefault("payload", b"some words")
        action, frame = program(packet(*words, **more))
        self.assertEqual(action, REDIRECTED)
        source, target, ttl, data = read(frame)
        self.assertEqual((ttl, data), (63, payload))
        return source, target

    def untouched(self, program, frame, action=OK):
        self.assertEqual(program(frame), (action, frame))

    def counted(self, name):
        return tool.counters()[name]

    def open(self, target, protocol=TCP, source=None):
        """A connection's first packet and its reply; returns what the backend sees."""
        source = source or self.client()
        seen, backend = self.passes(self.from_lab, protocol, source, target, SYN)
        self.assertEqual(backend, (POD, PORT))
        self.assertEqual(self.reply(protocol, seen, SYN | ACK), (target, source))
        return source, seen


class Local(Case):
    """The backend is a pod of this node: the client keeps its address."""

    def reply(self, protocol, seen, flags=ACK):
        return self.passes(self.from_pod, protocol, (POD, PORT), seen, flags)

    def test_tcp_and_udp_reach_the_pod_with_the_clients_address(self):
        for protocol in (TCP, UDP):
            client, seen = self.open((self.node, NODE_PORT), protocol)
            self.assertEqual(seen, client)

    def test_traffic_to_the_pods_own_address_is_not_translated(self):
        for protocol in (TCP, UDP):
            client, seen = self.open((POD, PORT), protocol)
            self.assertEqual(seen, client)

    def test_a_large_packet_and_an_odd_one_keep_their_checksums(self):
        for size in (0, 1, 1399, 1400):
            client = self.client()
            self.passes(self.from_lab, UDP, client, (self.node, NODE_PORT), payload=(bytes(range(256)) * 6)[:size])
            self.passes(self.from_lab, TCP, client, (self.node, NODE_PORT), SYN, payload=(bytes(range(256)) * 6)[:size])

    def test_a_datagram_without_checksum_has_none_afterwards(self):
        frame = bytearray(packet(UDP, self.client(), (self.node, NODE_PORT), payload=b"words"))
        frame[40:42] = b"\0\0"
        action, out = self.from_lab(bytes(frame))
        self.assertEqual((action, out[40:42]), (REDIRECTED, b"\0\0"))

    def test_a_pod_reaches_the_cluster_ip_and_sees_it_answer(self):
        pod = self.client(OTHER_POD)
        self.assertEqual(self.passes(self.from_pod, TCP, pod, (SERVICE, PORT), SYN), (pod, (POD, PORT)))
        self.assertEqual(self.reply(TCP, pod, SYN | ACK), ((SERVICE, PORT), pod))

    def test_a_pod_that_is_its_own_backend_sees_the_node_ask(self):
        pod = self.client(POD)
        seen, backend = self.passes(self.from_pod, TCP, pod, (SERVICE, PORT), SYN)
        self.assertEqual((seen[0], backend), (self.node, (POD, PORT)))
        self.assertEqual(self.reply(TCP, seen, SYN | ACK), ((SERVICE, PORT), pod))

    def test_a_pod_reaches_out_and_is_answered(self):
        pod, server = self.client(OTHER_POD), (CLIENT, 5000)
        self.assertEqual(self.passes(self.from_pod, TCP, pod, server, SYN), (pod, server))
        self.assertEqual(self.passes(self.from_pod, TCP, pod, server, ACK), (pod, server))

    def test_two_connections_that_look_alike_to_the_pod_are_told_apart(self):
        client, seen = self.open((self.node, NODE_PORT))
        _, other = self.open((POD, PORT), source=client)  # from the same port: legal, the target differs
        self.assertEqual((seen, other[0]), (client, self.node))
        self.assertIn(other[1], PORTS)
        self.assertEqual(self.reply(TCP, seen), ((self.node, NODE_PORT), client))
        self.assertEqual(self.reply(TCP, other), ((POD, PORT), client))

    def test_a_port_is_free_again_once_both_ends_have_closed(self):
        client, seen = self.open((self.node, NODE_PORT))
        self.passes(self.from_lab, TCP, client, (self.node, NODE_PORT), FIN | ACK)
        self.reply(TCP, seen, FIN | ACK)
        self.assertEqual(self.open((POD, PORT), source=client), (client, client))
        self.assertEqual(self.reply(TCP, client), ((POD, PORT), client))

    def test_a_port_is_free_again_after_a_reset(self):
        client, seen = self.open((self.node, NODE_PORT))
        self.reply(TCP, seen, RST)
        self.assertEqual(self.open((POD, PORT), source=client), (client, client))

    def test_a_half_closed_connection_goes_on(self):
        client, seen = self.open((self.node, NODE_PORT))
        self.passes(self.from_lab, TCP, client, (self.node, NODE_PORT), FIN | ACK)
        self.assertEqual(self.reply(TCP, seen), ((self.node, NODE_PORT), client))
        _, other = self.open((POD, PORT), source=client)
        self.assertEqual(other[0], self.node)

    def test_the_same_connection_begins_again(self):
        client, seen = self.open((self.node, NODE_PORT))
        for end in (RST, FIN | ACK, SYN):
            self.passes(self.from_lab, TCP, client, (self.node, NODE_PORT), end)
            self.assertEqual(self.open((self.node, NODE_PORT), source=client), (client, seen))

    def test_a_connection_that_lost_an_entry_gets_it_back_from_the_client(self):
        table = tool.Map("connections", 16, 24)
        client, seen = self.open((self.node, NODE_PORT))
        request, reply = key(client, (self.node, NODE_PORT)), key((POD, PORT), client)
        for lost in ([reply], [request], [request, reply]):
            for each in lost:
                table.delete(each)
            if reply in lost:
                before = self.counted("dropped_unknown")
                self.untouched(self.from_pod, packet(TCP, (POD, PORT), seen, ACK), DROPPED)
                self.assertEqual(self.counted("dropped_unknown"), before + 1)
            wait_a_second()
            asked = self.passes(self.from_lab, TCP, client, (self.node, NODE_PORT), ACK)
            self.assertEqual(asked, (client, (POD, PORT)))
            self.assertEqual(self.reply(TCP, seen), ((self.node, NODE_PORT), client))

    def test_a_connection_that_lost_an_entry_keeps_its_port_for_a_while(self):
        client, seen = self.open((self.node, NODE_PORT))
        self.reply(TCP, seen, FIN | ACK)
        tool.Map("connections", 16, 24).delete(key(client, (self.node, NODE_PORT)))
        _, other = self.open((POD, PORT), source=client)
        self.assertEqual(other[0], self.node)

    def test_what_is_not_ours_is_not_touched(self):
        client, node = self.client(), (self.node, NODE_PORT)
        frames = {
            "ssh to the node": packet(TCP, client, (self.node, 22), SYN),
            "a datagram to the node": packet(UDP, client, (self.node, 53)),
            "for elsewhere": packet(TCP, client, ("10.244.9.9", PORT), SYN),
            "icmp": packet(ICMP, client, node, payload=b"\x08\0\xf7\xff\0\0\0\0" + b"\0" * 20),
            "arp": ARP,
            "ipv6": IPV6,
            "a fragment": packet(UDP, client, node, fragment=0x2000),
            "a later fragment": packet(UDP, client, node, fragment=100),
            "options": packet(TCP, client, node, SYN, options=b"\x01\x01\x01\0"),
            "at its last hop": packet(TCP, client, node, SYN, ttl=1),
            "flooded, for another machine": packet(TCP, client, node, SYN, mac=b"\x02\0\0\0\0\x01"),
            "cut short": packet(UDP, client, node)[:40],
        }
        for name, frame in frames.items():
            with self.subTest(name):
                self.untouched(self.from_lab, frame)

    def test_what_a_pod_says_that_is_not_ours_is_left_to_the_host(self):
        pod, client = self.client(POD), (CLIENT, 5000)
        self.untouched(self.from_pod, packet(ICMP, pod, client, payload=b"\x08\0\xf7\xff\0\0\0\0" + b"\0" * 20))
        self.untouched(self.from_pod, packet(TCP, pod, client, SYN, ttl=1))
        action, _ = self.from_pod(ARP, POD)
        self.assertEqual(action, OK)

    def test_a_pod_sends_from_its_own_address_and_no_other(self):
        server, before = (CLIENT, 5000), self.counted("dropped_source")
        frames = {
            "another pod's address": packet(TCP, self.client(OTHER_POD), server, SYN),
            "the client's": packet(TCP, self.client(), (SERVICE, PORT), SYN),
            "the node's": packet(UDP, self.client(self.node), server),
            "nobody's": packet(UDP, self.client("10.244.0.9"), server),
            "everybody's": packet(UDP, self.client("255.255.255.255"), server),
            "a fragment": packet(UDP, self.client(OTHER_POD), server, fragment=100),
            "options": packet(TCP, self.client(OTHER_POD), server, SYN, options=b"\x01\x01\x01\0"),
            "at its last hop": packet(TCP, self.client(OTHER_POD), server, SYN, ttl=1),
            "icmp": packet(ICMP, self.client(OTHER_POD), server, payload=b"\x08\0\xf7\xff\0\0\0\0" + b"\0" * 20),
            "ipv6": IPV6,
            "no ethertype": b"\0" * 12 + b"\0\x10" + b"\0" * 46,
        }
        for name, frame in frames.items():
            with self.subTest(name):
                action, _ = self.from_pod(frame, POD)
                self.assertEqual(action, DROPPED)
        self.assertEqual(self.counted("dropped_source"), before + len(frames))
        pod = self.client(POD)
        self.assertEqual(self.passes(self.from_pod, TCP, pod, server, SYN), (pod, server))

    def test_a_pods_address_goes_with_its_device(self):
        device = self.pods.get(ip_bytes(POD))
        self.pods.set(ip_bytes(POD), struct.pack("=I", LOOPBACK))
        self.addCleanup(self.pods.set, ip_bytes(POD), device)
        frame = packet(TCP, self.client(POD), (CLIENT, 5000), SYN)
        action, _ = self.from_device(*struct.unpack("=I", device))(frame)
        self.assertEqual(action, DROPPED)

    def test_what_a_pod_sends_to_its_node_or_the_world_is_left_to_the_host(self):
        for target in ((self.node, 22), ("192.0.2.1", 443)):
            self.untouched(self.from_pod, packet(TCP, self.client(OTHER_POD), target, SYN))
            self.untouched(self.from_pod, packet(TCP, self.client(OTHER_POD), target, ACK))

    def test_what_a_pod_must_not_send_is_dropped_and_counted(self):
        pod, before = self.client(OTHER_POD), tool.counters()
        self.untouched(self.from_pod, packet(TCP, pod, (CLIENT, 5000), ACK), DROPPED)
        self.untouched(self.from_pod, packet(UDP, pod, (CLIENT, 5000), fragment=0x2000), DROPPED)
        self.untouched(self.from_pod, packet(TCP, pod, (CLIENT, 5000), SYN, options=b"\x01\x01\x01\0"), DROPPED)
        self.assertEqual(self.counted("dropped_unknown"), before["dropped_unknown"] + 1)
        self.assertEqual(self.counted("dropped_unsupported"), before["dropped_unsupported"] + 2)

    def test_z_a_hundred_thousand_connections(self):
        """And half as many again: the silent ones are forgotten, no reply is taken for another's, all can come back."""
        beginnings = Beginnings(self.from_lab, (self.node, NODE_PORT))
        self.assertEqual(set(beginnings.send(many(100_000))), {REDIRECTED})
        for client in map(readable, many(100_000)[::100]):
            self.assertEqual(self.reply(TCP, client), ((self.node, NODE_PORT), client))
        self.assertEqual(set(beginnings.send(many(150_000)[100_000:])), {REDIRECTED})
        forgotten = 0
        for client in map(readable, many(150_000)[1::100]):
            action, frame = self.from_pod(packet(TCP, (POD, PORT), client, ACK))
            forgotten += action == DROPPED
            if action != DROPPED:
                self.assertEqual(read(frame)[:2], ((self.node, NODE_PORT), client))
        self.assertGreater(forgotten, 0)
        wait_a_second()
        for client in map(readable, many(150_000)[1::100]):
            asked = self.passes(self.from_lab, TCP, client, (self.node, NODE_PORT), ACK)
            self.assertEqual(asked, (client, (POD, PORT)))
            self.assertEqual(self.reply(TCP, client), ((self.node, NODE_PORT), client))
        print(f"of 1500 among 150 000 connections, {forgotten} had been forgotten and came back")


class Remote(Case):
    """The backend is a pod of another node: the node asks in the client's place and hands the answer back."""

    def reply(self, protocol, seen, flags=ACK):
        return self.passes(self.from_lab, protocol, (POD, PORT), seen, flags)

    def test_tcp_and_udp_reach_the_backend_from_a_port_of_the_node(self):
        for protocol in (TCP, UDP):
            _, seen = self.open((self.node, NODE_PORT), protocol)
            self.assertEqual(seen[0], self.node)
            self.assertIn(seen[1], PORTS)

    def test_a_repeated_first_packet_keeps_its_port(self):
        client, seen = self.open((self.node, NODE_PORT))
        for _ in range(3):
            self.assertEqual(self.open((self.node, NODE_PORT), source=client), (client, seen))

    def test_the_host_takes_none_of_these_ports(self):
        self.assertEqual(Path(tool.RESERVED_PORTS).read_text().strip(), "32768-65535")

    def test_a_pod_reaches_the_cluster_ip_with_its_own_address(self):
        pod = self.client(REMOTE_POD)
        self.assertEqual(self.passes(self.from_pod, TCP, pod, (SERVICE, PORT), SYN), (pod, (POD, PORT)))

    def test_z_ports_run_out_and_no_two_connections_share_one(self):
        beginnings, before = Beginnings(self.from_lab, (self.node, NODE_PORT)), self.counted("dropped_no_port")
        seen, refused = {}, []
        for client, action in zip(many(45_000), beginnings.send(many(45_000)), strict=True):
            address, port = struct.unpack_from("!4s4xH", beginnings.out, 26)
            if action == DROPPED:
                refused.append(readable(client))
                continue
            self.assertEqual((action, address), (REDIRECTED, ip_bytes(self.node)))
            self.assertNotIn(port, seen)
            seen[port] = readable(client)
        self.assertEqual(self.counted("dropped_no_port") - before, len(refused))
        self.assertTrue(0.9 * len(PORTS) < len(seen) <= len(PORTS), len(seen))
        for port, client in list(seen.items())[::50]:
            self.assertEqual(self.reply(TCP, (self.node, port)), ((self.node, NODE_PORT), client))
        print(f"{len(seen)} connections had a port each, {len(refused)} had none and were dropped")
        self.reset(list(seen.items())[::2])
        client, _ = self.open((self.node, NODE_PORT), source=refused[-1])
        self.assertEqual(client, refused[-1])
        port, still = list(seen.items())[1]
        self.assertEqual(self.reply(TCP, (self.node, port)), ((self.node, NODE_PORT), still))

    def reset(self, connections):
        for _, client in connections:
            self.assertEqual(self.from_lab(packet(TCP, client, (self.node, NODE_PORT), RST))[0], REDIRECTED)


class Maps:
    """The programs once more, with maps of their own, of which the connections' has room for a few entries."""

    def __init__(self, entries):
        library = ctypes.CDLL("libbpf.so.1", use_errno=True)
        for name in ("bpf_object__open", "bpf_object__find_map_by_name", "bpf_object__find_program_by_name"):
            getattr(library, name).restype = ctypes.c_void_p
        self.library, self.object = library, ctypes.c_void_p(library.bpf_object__open(tool.OBJECT.encode()))
        library.libbpf_set_print(None)  # it tells what it skips
        library.bpf_map__set_max_entries(self._map("connections"), entries)
        assert library.bpf_object__load(self.object) == 0, "the programs do not load"
        self.node = "10.10.0.11"
        self.table("node", 4, 8).set(struct.pack("=I", 0), ip_bytes(self.node) + struct.pack("=I", LOOPBACK))
        self.table("endpoints", 4, 4).set(ip_bytes(POD), struct.pack("=I", LOOPBACK))
        self.table("backends", 4, 8).set(struct.pack("=I", 0), ip_bytes(POD) + struct.pack("!H2x", PORT))
        self.table("services", 8, 8).set(tool.frontend(self.node, NODE_PORT, "tcp"), struct.pack("=II", 0, 1))
        connections = self.table("connections", 16, 24)
        self.key, self.value = ctypes.create_string_buffer(16), ctypes.create_string_buffer(24)
        places = ctypes.addressof(self.key), ctypes.addressof(self.value)
        self.arguments = tool.attributes("I4xQQQ", connections.fd, *places, 0)
        self.libc, self.number = ctypes.CDLL(None), tool.SYSCALL[os.uname().machine]

    def _map(self, name):
        return ctypes.c_void_p(self.library.bpf_object__find_map_by_name(self.object, name.encode()))

    def table(self, name, key_size, value_size):
        table = tool.Map.__new__(tool.Map)
        table.fd, table.key_size, table.value_size = self.library.bpf_map__fd(self._map(name)), key_size, value_size
        return table

    def program(self, name):
        found = ctypes.c_void_p(self.library.bpf_object__find_program_by_name(self.object, name.encode()))
        return Program(self.library.bpf_program__fd(found))

    def flags(self, source, target):
        """What an entry knows of the end of its connection; None where it is forgotten. Asked often, so quick."""
        ctypes.memmove(self.key, key(source, target), 16)
        found = self.libc.syscall(self.number, tool.MAP_LOOKUP_ELEM, self.arguments, len(self.arguments)) == 0
        return self.value.raw[16] if found else None

    def counter(self, name):
        value = self.table("counters", 4, 8 * tool.MAX_CPUS).get(struct.pack("=I", tool.COUNTERS.index(name)))
        return sum(struct.unpack(f"={tool.MAX_CPUS}Q", value))

    def close(self):
        self.library.bpf_object__close(self.object)


class Forgetting(unittest.TestCase):
    """A map that is full gives an entry's memory to another connection, whatever a program is about to do with it."""

    def maps(self, entries):
        maps = Maps(entries)
        self.addCleanup(maps.close)
        self.addCleanup(os.sched_setaffinity, 0, os.sched_getaffinity(0))
        return maps

    def test_an_entry_that_is_forgotten_while_its_packet_is_handled(self):
        """One processor, room for one entry: as the packet's refresh restores the mirror image, its own entry goes."""
        maps = self.maps(1)
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        from_lab, client, service = maps.program("from_lab"), (CLIENT, 4711), (maps.node, NODE_PORT)
        for flags in (SYN, FIN | ACK, RST):
            action, frame = from_lab(packet(TCP, client, service, flags))
            self.assertEqual((action, read(frame)[:2]), (REDIRECTED, (client, (POD, PORT))))
            self.assertIn(maps.flags((POD, PORT), client), (0, None), "the reply has ended nothing")
            self.assertIn(maps.flags(client, service), (0, None), "made for this packet, or by the one before")
            wait_a_second()

    @unittest.skipIf(len(os.sched_getaffinity(0)) < 2, "takes two processors")
    def test_two_processors_and_room_for_two_entries(self):
        """One processor's connection is reset all the time, the other's never are; all packets are for the pod.

        A race, so nothing is proven when it is not seen. Programs that wrote and read through a pointer to an entry
        sent millions of these packets elsewhere; a flag on the wrong connection takes more luck than five seconds have.
        """
        maps, (first, second, *_) = self.maps(2), sorted(os.sched_getaffinity(0))
        from_lab = maps.program("from_lab")
        child = os.fork()
        if child == 0:
            os.sched_setaffinity(0, {second})
            reset_for_ever(from_lab)
        self.addCleanup(os.waitpid, child, 0)
        self.addCleanup(os.kill, child, signal.SIGKILL)
        os.sched_setaffinity(0, {first})
        beginnings, end = Beginnings(from_lab, (maps.node, NODE_PORT)), time.monotonic() + 5
        seen, flagged, clients = 0, 0, many(50_000)
        for client, action in zip(itertools.cycle(clients), beginnings.send(itertools.cycle(clients)), strict=False):
            self.assertEqual(action, REDIRECTED)
            flags = maps.flags(client, (maps.node, NODE_PORT))
            seen += flags is not None
            flagged += bool(flags)
            if time.monotonic() > end:
                break
        handled, astray = maps.counter("to_pod"), maps.counter("to_wire")
        print(f"{handled} packets for the pod, {astray} astray; {flagged} of {seen} connections over that are not")
        self.assertEqual((flagged, astray), (0, 0))
        self.assertGreater(min(handled, seen), 1000)


def reset_for_ever(program):
    """Send one connection's resetting SYNs, 250 for each system call; the TTL is what ends them."""
    frame = packet(TCP, (CLIENT, 4711), (POD, PORT), SYN | RST, ttl=255)
    attributes = program.attributes(ctypes.create_string_buffer(frame, len(frame)), len(frame))
    struct.pack_into("I", attributes, 32, 250)
    arguments = program.number, PROG_TEST_RUN, (ctypes.c_char * 80).from_buffer(attributes), 80
    while program.libc.syscall(*arguments) == 0:
        pass
    os._exit(1)


class Beginnings:
    """First packets of many clients, quickly: one frame, whose source is overwritten and whose checksums are wrong."""

    def __init__(self, program, target, flags=SYN):
        self.frame = ctypes.create_string_buffer(packet(TCP, (CLIENT, 0), target, flags), 54)
        self.attributes = program.attributes(self.frame, 54)
        self.arguments = program.number, PROG_TEST_RUN, (ctypes.c_char * 80).from_buffer(self.attributes), 80
        self.target = ip_bytes(target[0])
        self.syscall, self.out = program.libc.syscall, program.out

    def send(self, clients):
        """The action for each client in turn; `out` is what its packet has become."""
        for address, port in clients:
            struct.pack_into("!4s4sH", self.frame, 26, address, self.target, port)
            self.syscall(*self.arguments)
            yield self.attributes[4]


def key(source, target):
    """A conntrack entry's key: what a packet from here to there looks for."""
    ends = [address if isinstance(address, bytes) else ip_bytes(address) for address in (source[0], target[0])]
    return b"".join(ends) + struct.pack("!HHB3x", source[1], target[1], TCP)


def many(number):
    """As many clients, each an (address, port) as in a packet."""
    first = int(ipaddress.ip_network(MANY_CLIENTS)[1])
    return [((first + index // 50_000).to_bytes(4), 1024 + index % 50_000) for index in range(number)]


def readable(client):
    return str(ipaddress.ip_address(client[0])), client[1]


def wait_a_second():
    """The programs look after a connection once in 2^30 ns."""
    time.sleep(1.2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
