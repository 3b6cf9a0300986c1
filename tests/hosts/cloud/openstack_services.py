"""Nova, Neutron, Cinder and Glance, as far as a lab needs them: what they keep and refuse, and in which words."""

import base64
import ipaddress
import itertools
import uuid
from collections.abc import Iterable

import yaml

OWN_PORTS = {"network:dhcp"}
"""Owners of ports that come and go with their network."""


class Refused(Exception):
    """A service refuses a request, in its own words."""

    def __init__(self, status, message) -> None:
        super().__init__(message)
        self.status = status
        self.message = message

    def body(self, path):
        """Return them as the service that answers at ``path`` does."""
        if path.startswith("/network"):
            return {"NeutronError": {"type": "Refused", "message": self.message, "detail": ""}}
        return {"error": {"code": self.status, "message": self.message}}


def new_id():
    return str(uuid.uuid4())


def matching(things: Iterable[dict], query):
    """Return the things that have what a query names, as far as they have such a word at all."""
    words = {name: value for name, value in query.items() if name not in {"limit", "marker", "fields"}}
    return [thing for thing in things if all(_says(thing, name, value) for name, value in words.items())]


def _says(thing, name, value):
    if name not in thing:
        return True
    said = thing[name]
    return str(said).lower() == value.lower() if isinstance(said, bool) else str(said) == value


def one(things, identity, what):
    if identity not in things:
        raise Refused(404, f"{what} {identity} could not be found.")
    return things[identity]


class Images:
    """Glance."""

    def __init__(self) -> None:
        rows = (("Debian 13", "2026-01-12"), ("Debian 13", "2026-02-12"), ("Debian 12", "2026-03-12"))
        self.images = {
            f"00000000-0000-0000-0000-00000000000{number}": {
                "id": f"00000000-0000-0000-0000-00000000000{number}",
                "name": name,
                "status": "active",
                "created_at": f"{day}T12:00:00Z",
                "min_disk": 2,
                "min_ram": 0,
                "visibility": "public",
                "disk_format": "qcow2",
                "container_format": "bare",
            }
            for number, (name, day) in enumerate(rows, 1)
        }

    def answer(self, method, path, query):
        assert method == "GET", path
        kind, _, identity = path.partition("/")
        assert kind == "images", path
        if identity:
            return 200, {}, one(self.images, identity, "image")
        return (
            200,
            {},
            {"images": matching(self.images.values(), query), "first": "/v2/images", "schema": "/v2/schemas"},
        )


class BlockStorage:
    """Cinder."""

    def __init__(self, images) -> None:
        self._images = images
        self.volumes: dict[str, dict] = {}

    def answer(self, method, path, query, words):
        kind, _, identity = path.partition("/")
        assert kind == "volumes", path
        if method == "POST":
            return 202, {}, {"volume": self._create(words["volume"])}
        if identity in {"", "detail"}:
            return 200, {}, {"volumes": matching(self.volumes.values(), query)}
        volume = one(self.volumes, identity, "Volume")
        if method == "DELETE":
            if volume["attachments"]:
                raise Refused(400, "Invalid volume: Volume status must be available or error or error_restoring.")
            del self.volumes[identity]
            return 202, {}, None
        if volume["status"] == "creating":
            volume["status"] = "available"
            return 200, {}, {"volume": {**volume, "status": "creating"}}
        return 200, {}, {"volume": volume}

    def _create(self, wanted):
        one(self._images.images, wanted["imageRef"], "image")
        volume = {**wanted, "id": new_id(), "status": "creating", "attachments": [], "bootable": "true"}
        self.volumes[volume["id"]] = volume
        return volume


class Compute:
    """Nova."""

    def __init__(self, network, images, volumes) -> None:
        self._network = network
        self._images = images
        self._volumes = volumes
        self.flavors = {
            "1": {"id": "1", "name": "m1.small", "vcpus": 2, "ram": 4096, "disk": 20},
            "2": {"id": "2", "name": "m1.diskless", "vcpus": 2, "ram": 4096, "disk": 0},
        }
        self.servers: dict[str, dict] = {}
        self.keypairs: dict[str, dict] = {}
        self.groups: dict[str, dict] = {}
        self.fault = ""
        """What hosts that are made end in, where they do not run."""

    def own(self):
        """Return all that the project has."""
        return {
            "servers": list(self.servers.values()),
            "keypairs": list(self.keypairs.values()),
            "server groups": list(self.groups.values()),
        }

    def told(self, name):
        """Return the user data of the host, as cloud-init reads it."""
        (server,) = [each for each in self.servers.values() if each["metadata"]["netlab:host"] == name]
        return yaml.safe_load(base64.b64decode(server["_user_data"]))

    def answer(self, method, path, query, words):
        kind, _, identity = path.partition("/")
        identity, _, more = identity.partition("/")
        act = {
            "flavors": self._flavors,
            "os-keypairs": self._keypairs,
            "os-server-groups": self._server_groups,
            "servers": self._servers,
        }[kind]
        return act(method, identity, more, query, words)

    def _flavors(self, method, identity, more, query, words):
        if identity in {"", "detail"}:
            return 200, {}, {"flavors": list(self.flavors.values())}
        return 200, {}, {"flavor": one(self.flavors, identity, "Flavor")}

    def _keypairs(self, method, identity, more, query, words):
        if method == "POST":
            pair = {**words["keypair"], "fingerprint": "00", "type": "ssh", "user_id": "1"}
            self.keypairs[pair["name"]] = pair
            return 201, {}, {"keypair": pair}
        if not identity:
            return 200, {}, {"keypairs": [{"keypair": pair} for pair in self.keypairs.values()]}
        pair = one(self.keypairs, identity, "Keypair")
        if method == "DELETE":
            del self.keypairs[identity]
            return 204, {}, None
        return 200, {}, {"keypair": pair}

    def _server_groups(self, method, identity, more, query, words):
        if method == "POST":
            group = {**words["server_group"], "id": new_id(), "members": [], "rules": {}}
            self.groups[group["id"]] = group
            return 200, {}, {"server_group": group}
        if not identity:
            return 200, {}, {"server_groups": list(self.groups.values())}
        group = one(self.groups, identity, "Instance group")
        if method == "DELETE":
            del self.groups[identity]
            return 204, {}, None
        return 200, {}, {"server_group": group}

    def _servers(self, method, identity, more, query, words):
        if method == "POST" and not identity:
            return 202, {}, {"server": self._create(words["server"], words.get("OS-SCH-HNT:scheduler_hints", {}))}
        if identity in {"", "detail"}:
            return 200, {}, {"servers": [self._shown(each) for each in matching(self.servers.values(), query)]}
        server = one(self.servers, identity, "Instance")
        if more == "metadata":
            server["metadata"].update(words["metadata"])
            return 200, {}, {"metadata": server["metadata"]}
        if method == "DELETE":
            self._delete(server)
            return 204, {}, None
        return 200, {}, {"server": self._shown(server)}

    def _create(self, wanted, hints):
        flavor = one(self.flavors, wanted["flavorRef"], "Flavor")
        server = {
            "id": new_id(),
            "name": wanted["name"],
            "status": "BUILD",
            "created": "2026-01-02T12:00:00Z",
            "metadata": wanted.get("metadata", {}),
            "addresses": {},
            "flavor": {**flavor, "original_name": flavor["name"]},
            "image": {"id": wanted["imageRef"]} if wanted.get("imageRef") else "",
            "key_name": one(self.keypairs, wanted["key_name"], "Keypair")["name"],
            "config_drive": str(wanted.get("config_drive", "")),
            "tags": [],
            "security_groups": [],
            "os-extended-volumes:volumes_attached": [],
            "OS-EXT-AZ:availability_zone": wanted.get("availability_zone", "nova"),
            "_user_data": wanted["user_data"],
            "_group": hints.get("group"),
            "_ports": [each["port"] for each in wanted["networks"]],
        }
        if not wanted.get("imageRef") and not wanted.get("block_device_mapping_v2"):
            raise Refused(400, "Block Device Mapping is Invalid: no boot device")
        if wanted.get("imageRef"):
            one(self._images.images, wanted["imageRef"], "Image")
        self._attach(server, wanted.get("block_device_mapping_v2", []))
        self.servers[server["id"]] = server
        return {"id": server["id"], "links": [], "OS-DCF:diskConfig": "MANUAL", "adminPass": "", "security_groups": []}

    def _attach(self, server, disks):
        for port in server["_ports"]:
            self._network.bind(port, server["id"])
        for disk in disks:
            volume = one(self._volumes.volumes, disk["uuid"], "Volume")
            if volume["status"] != "available":
                raise Refused(400, f"Invalid volume: volume {volume['id']} is not available")
            volume["attachments"] = [{"server_id": server["id"]}]
            volume["status"] = "in-use"
            server["os-extended-volumes:volumes_attached"].append({"id": volume["id"], "delete_on_termination": False})

    def _shown(self, server):
        """Return the server as it is shown to one who is no administrator; the next time, it has booted."""
        said = {name: value for name, value in server.items() if not name.startswith("_")}
        if server["status"] == "BUILD":
            server["status"] = "ERROR" if self.fault else "ACTIVE"
            if self.fault:
                server["fault"] = {"code": 500, "message": self.fault, "created": server["created"]}
        return said

    def _delete(self, server):
        del self.servers[server["id"]]
        for port in server["_ports"]:
            self._network.unbind(port)
        for volume in self._volumes.volumes.values():
            if {"server_id": server["id"]} in volume["attachments"]:
                volume.update(attachments=[], status="available")


class Network:
    """Neutron, with a network of the operator's that leads outside."""

    def __init__(self, project) -> None:
        self._project = project
        self._addresses = (f"198.51.100.{number}" for number in itertools.count(1))
        self.mtu = 1450
        self.pool = 100
        """How many floating IPs there are."""
        self.public = new_id()
        self.things: dict[str, dict[str, dict]] = {kind: {} for kind in _CREATE}
        outside = {"id": self.public, "name": "public", "router:external": True, "project_id": "the operator's"}
        self.things["networks"][self.public] = {**outside, "description": "", "mtu": 1500, "status": "ACTIVE"}

    def own(self):
        """Return all that the project has."""
        kinds = {
            kind: [each for each in things.values() if each["project_id"] == self._project]
            for kind, things in self.things.items()
            if kind != "security-group-rules"
        }
        return {**kinds, "ports": [port for port in kinds["ports"] if port["device_owner"] not in OWN_PORTS]}

    def bind(self, identity, server):
        port = one(self.things["ports"], identity, "Port")
        if port["device_id"]:
            raise Refused(409, f"Port {identity} is still in use.")
        port.update(device_id=server, device_owner="compute:nova", status="ACTIVE")

    def unbind(self, identity):
        if port := self.things["ports"].get(identity):
            port.update(device_id="", device_owner="", status="DOWN")

    def answer(self, method, path, query, words):
        kind, _, identity = path.partition("/")
        identity, _, action = identity.partition("/")
        things, single = self.things[kind], SINGLE[kind]
        if method == "POST":
            return 201, {}, self._create(kind, single, words)
        if not identity:
            return (
                200,
                {},
                {kind.replace("-", "_"): [self._shown(kind, each) for each in matching(things.values(), query)]},
            )
        thing = one(things, identity, single)
        if action:
            return 200, {}, self._interface(action, thing, words)
        if method == "DELETE":
            self._delete(kind, thing)
            return 204, {}, None
        if method == "PUT":
            thing.update(words[single])
        return 200, {}, {single: self._shown(kind, thing)}

    def _shown(self, kind, thing):
        if kind != "security-groups":
            return thing
        rules = self.things["security-group-rules"].values()
        return {**thing, "security_group_rules": [each for each in rules if each["security_group_id"] == thing["id"]]}

    def _create(self, kind, single, words):
        if kind == "security-group-rules" and "security_group_rules" in words:
            return {"security_group_rules": [self._make(kind, each) for each in words["security_group_rules"]]}
        return {single: self._shown(kind, self._make(kind, words[single]))}

    def _make(self, kind, wanted):
        thing = {"id": new_id(), "project_id": self._project, "description": "", "status": "ACTIVE", **wanted}
        _CREATE[kind](self, thing)
        self.things[kind][thing["id"]] = thing
        return thing

    def _make_network(self, thing):
        thing.setdefault("mtu", self.mtu)
        thing.update({"router:external": False, "admin_state_up": True, "port_security_enabled": True})

    def _make_subnet(self, thing):
        thing.setdefault("gateway_ip", str(ipaddress.ip_network(thing["cidr"])[1]))
        own = {"network_id": thing["network_id"], "device_owner": "network:dhcp", "device_id": "dhcp"}
        address = {"subnet_id": thing["id"], "ip_address": thing["allocation_pools"][0]["start"]}
        self.things["subnets"][thing["id"]] = thing
        self._make("ports", {**own, "fixed_ips": [address]})

    def _make_router(self, thing):
        thing.setdefault("external_gateway_info", None)
        thing.setdefault("admin_state_up", True)

    def _make_port(self, thing):
        thing.setdefault("device_id", "")
        thing.setdefault("device_owner", "")
        thing.setdefault("security_groups", [])
        thing["mac_address"] = f"fa:16:3e:00:00:{len(self.things['ports']):02x}"
        for pair in thing.setdefault("allowed_address_pairs", []):
            pair.setdefault("mac_address", thing["mac_address"])
        for group in thing["security_groups"]:
            one(self.things["security-groups"], group, "Security group")
        if thing["network_id"] == self.public:
            thing["fixed_ips"] = [
                {"subnet_id": "6", "ip_address": "2001:db8::5"},
                {"subnet_id": "4", "ip_address": next(self._addresses)},
            ]
        for address in thing["fixed_ips"]:
            self._is_free(address)

    def _is_free(self, address):
        for port in self.things["ports"].values():
            if address in port["fixed_ips"] and address["subnet_id"] != "6":
                raise Refused(
                    409, f"IP address {address['ip_address']} already allocated in subnet {address['subnet_id']}"
                )

    def _make_group(self, thing):
        self.things["security-groups"][thing["id"]] = thing
        for kind in ("IPv4", "IPv6"):
            self._make(
                "security-group-rules",
                {"security_group_id": thing["id"], "direction": "egress", "ethertype": kind},
            )

    def _make_rule(self, thing):
        for name in ("protocol", "port_range_min", "port_range_max", "remote_ip_prefix", "remote_group_id"):
            thing.setdefault(name, None)

    def _make_ip(self, thing):
        port = one(self.things["ports"], thing["port_id"], "Port")
        if any(each["port_id"] == port["id"] for each in self.things["floatingips"].values()):
            raise Refused(409, f"Cannot associate floating IP with port {port['id']}, which already has one.")
        subnet = port["fixed_ips"][0]["subnet_id"]
        if not any(
            self._leads_outside(each, subnet, thing["floating_network_id"]) for each in self.things["ports"].values()
        ):
            raise Refused(
                404, f"External network {thing['floating_network_id']} is not reachable from subnet {subnet}."
            )
        if len(self.things["floatingips"]) >= self.pool:
            raise Refused(409, f"No more IP addresses available on network {thing['floating_network_id']}.")
        thing["floating_ip_address"] = next(self._addresses)
        thing["fixed_ip_address"] = port["fixed_ips"][0]["ip_address"]

    def _leads_outside(self, port, subnet, outside):
        if port["device_owner"] != "network:router_interface" or port["fixed_ips"][0]["subnet_id"] != subnet:
            return False
        gateway = self.things["routers"][port["device_id"]]["external_gateway_info"]
        return bool(gateway) and gateway["network_id"] == outside

    def _interface(self, action, router, words):
        if action == "add_router_interface":
            subnet = one(self.things["subnets"], words["subnet_id"], "Subnet")
            port = {"network_id": subnet["network_id"], "device_owner": "network:router_interface"}
            address = {"subnet_id": subnet["id"], "ip_address": subnet["gateway_ip"]}
            made = self._make("ports", {**port, "device_id": router["id"], "fixed_ips": [address]})
            return {"id": router["id"], "port_id": made["id"], "subnet_id": subnet["id"]}
        assert action == "remove_router_interface", action
        if any(each["port_id"] for each in self.things["floatingips"].values()):
            raise Refused(
                409, f"Router interface for router {router['id']} cannot be deleted: floating IPs require it."
            )
        port = self.things["ports"].pop(words["port_id"])
        return {"id": router["id"], "port_id": port["id"]}

    def _delete(self, kind, thing):
        _REFUSE.get(kind, lambda _self, _thing: None)(self, thing)
        del self.things[kind][thing["id"]]
        owners = {"networks": ("network_id", ("ports", "subnets")), "security-groups": ("security_group_id", _RULES)}
        reference, kinds = owners.get(kind, ("", ()))
        for inside in kinds:
            left = self.things[inside].items()
            self.things[inside] = {identity: each for identity, each in left if each[reference] != thing["id"]}

    def _refuse_network(self, thing):
        if any(
            port["network_id"] == thing["id"] and port["device_owner"] not in OWN_PORTS
            for port in self.things["ports"].values()
        ):
            raise Refused(
                409, f"Unable to complete operation on network {thing['id']}. There are one or more ports still in use."
            )

    def _refuse_router(self, thing):
        if any(port["device_id"] == thing["id"] for port in self.things["ports"].values()):
            raise Refused(409, f"Router {thing['id']} still has ports")

    def _refuse_group(self, thing):
        if any(thing["id"] in port["security_groups"] for port in self.things["ports"].values()):
            raise Refused(409, f"Security Group {thing['id']} in use.")


_RULES = ("security-group-rules",)
_CREATE = {
    "networks": Network._make_network,
    "subnets": Network._make_subnet,
    "routers": Network._make_router,
    "ports": Network._make_port,
    "security-groups": Network._make_group,
    "security-group-rules": Network._make_rule,
    "floatingips": Network._make_ip,
}
_REFUSE = {
    "networks": Network._refuse_network,
    "routers": Network._refuse_router,
    "security-groups": Network._refuse_group,
}
SINGLE = {kind: kind.replace("-", "_").removesuffix("s") for kind in _CREATE}
