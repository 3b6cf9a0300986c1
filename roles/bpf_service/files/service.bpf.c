// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
/*
 * Services and pods without netfilter and without the host's IP stack: IPv4, TCP and UDP.
 *
 *   from_lab         every packet that the node's interface in the lab receives (tc ingress)
 *   from_pod         every packet that a pod sends, at the host's end of its veth pair (tc ingress)
 *   from_pod_netkit  the same at a netkit device, whose program runs as the pod transmits
 *
 * Each looks up what the packet is to become, rewrites it, and hands it straight to the device it leaves by:
 *
 *   lab0 ──from_lab──► bpf_redirect_peer ──► eth0 of a pod of this node   (no backlog of a veth pair, no second softirq)
 *   lab0 ──from_lab──► bpf_redirect_neigh ─► lab0                         (the backend is on another node)
 *   pod ───from_pod──► bpf_redirect_neigh ─► lab0                         (the neighbour table fills in the MAC address)
 *
 * What is neither for a service nor for or from a pod goes on to the host's own stack, untouched.
 *
 * A connection is two entries of one map. Each says: a packet that arrives with this tuple leaves with that one. The
 * second entry is the mirror image of the first:
 *
 *   request  10.10.0.10:4711 → 10.10.0.11:30080   becomes   10.10.0.10:4711 → 10.244.0.2:80
 *   reply    10.244.0.2:80   → 10.10.0.10:4711    becomes   10.10.0.11:30080 → 10.10.0.10:4711
 *
 * so either entry can be made from the other. Traffic to and from pods that is not translated has entries too (in = out):
 * only so is it seen when two connections would look the same to a pod.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define AF_INET 2
#define IP_FRAGMENT 0x3fff /* "more fragments", or an offset */

#define CT_ENTRIES 262144 /* 131 072 connections; then the ones that were silent longest are forgotten */
#define SERVICES 65536
#define BACKENDS 65536
#define ENDPOINTS 1024

/* Ports for connections whose source becomes the node. The node's own stack takes none of them (the loader reserves
 * them), so a reply to one of them is always for us. */
#define FIRST_PORT 32768
#define PORTS 32768 /* a power of 2 */
#define PORT_STEP 7919 /* odd: successive tries meet every port */
#define PORT_TRIES 32

#define IDLE_SECONDS 30 /* a UDP connection, or what is left of a forgotten one: after this its tuple may be reused */

struct tuple {
	__be32 saddr;
	__be32 daddr;
	__be16 sport;
	__be16 dport;
	__u8 protocol;
	__u8 zero[3]; /* maps compare keys byte by byte */
};

/*
 * A conntrack entry. An LRU map gives the memory of an entry that was silent to a new one whenever it needs room: by a
 * helper of ours that adds an entry, and on another processor at any moment. So a pointer to an entry is not kept:
 *
 *   - an entry is copied as it is found (ct_read), and decisions are made from the copy;
 *   - what changes is one word, `state`, in one step, in an entry that is looked up for that (ct_change);
 *   - it is changed only if its number says that it is the entry that was copied. Memory that is another connection's by
 *     now has another number.
 *
 * What is left is the copying itself, a few instructions in a row, as in every program that works on an LRU map.
 */
struct ct_entry {
	struct tuple out;
	__u64 state; /* number << 32 | seconds << 8 | flags */
};

/* Flags: what the packets that this entry is for have said. */
#define CT_FIN 1
#define CT_RST 2
#define CT_ENDS (CT_FIN | CT_RST)
#define CT_CLAIMED 4 /* over, and somebody is about to reuse its tuple */
/* When this entry and its mirror image were last found, in seconds(), of which there are 24 bits. */
#define CT_SEEN 0xffffff00ULL
#define CT_NUMBER 0xffffffff00000000ULL
#define CT_TRIES 8 /* to change a state that other processors change too */

struct frontend {
	__be32 address;
	__be16 port;
	__u8 protocol;
	__u8 zero;
};

struct service {
	__u32 first; /* its backends are backends[first … first + count - 1] */
	__u32 count;
};

struct backend {
	__be32 address;
	__be16 port;
	__u16 zero;
};

struct node {
	__be32 address; /* on the lab's Ethernet */
	__u32 ifindex; /* of the interface that has it */
};

enum counter {
	TO_POD,
	TO_WIRE,
	CREATED,
	DROPPED_NO_PORT,
	DROPPED_SOURCE,
	DROPPED_UNKNOWN,
	DROPPED_UNSUPPORTED,
	COUNTERS
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CT_ENTRIES);
	__type(key, struct tuple);
	__type(value, struct ct_entry);
} connections SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SERVICES);
	__type(key, struct frontend);
	__type(value, struct service);
} services SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BACKENDS);
	__type(key, __u32);
	__type(value, struct backend);
} backends SEC(".maps");

/* The pods of this node: address → interface of the host that leads to it. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ENDPOINTS);
	__type(key, __be32);
	__type(value, __u32);
} endpoints SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct node);
} node SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COUNTERS);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

/*
 * A map's value, or 0. The kernel's verifier believes a comparison with the number 0, not one with a register that holds
 * it, and which of them the compiler takes cannot be said in C.
 */
static __always_inline void *lookup(void *map, const void *key)
{
	void *value = bpf_map_lookup_elem(map, key);

	asm goto("if %0 == 0 goto %l1" : : "r"(value) : : missing);
	if (!value)
		__builtin_unreachable();
	return value;
missing:
	return 0;
}

static __always_inline void count(__u32 what)
{
	__u64 *counter = lookup(&counters, &what);

	if (counter)
		(*counter)++;
}

/* A clock that costs no division and is read once a packet: its second has 2^30 ns. It is in its place in a state. */
static __always_inline __u64 seconds(void)
{
	return bpf_ktime_get_coarse_ns() >> 30 << 8 & CT_SEEN;
}

static __always_inline struct node *this_node(void)
{
	__u32 only = 0;

	return lookup(&node, &only);
}

static __always_inline struct tuple reversed(const struct tuple *tuple)
{
	struct tuple back = {
		.saddr = tuple->daddr,
		.daddr = tuple->saddr,
		.sport = tuple->dport,
		.dport = tuple->sport,
		.protocol = tuple->protocol,
	};

	return back;
}

static __always_inline int same(const struct tuple *one, const struct tuple *other)
{
	return one->saddr == other->saddr && one->daddr == other->daddr && one->sport == other->sport &&
	       one->dport == other->dport && one->protocol == other->protocol;
}

/* The same for every packet of a connection, now and after it was forgotten (finalizer of MurmurHash3). */
static __always_inline __u32 hash(const struct tuple *tuple)
{
	__u32 value = tuple->saddr ^ ((__u32)tuple->sport << 16 | tuple->dport) * 0x9e3779b1 ^ tuple->daddr * 0x85ebca77 ^
		      tuple->protocol;

	value = (value ^ value >> 16) * 0x85ebca6b;
	value = (value ^ value >> 13) * 0xc2b2ae35;
	return value ^ value >> 16;
}

/* ---- reading and rewriting a packet ---- */

struct packet {
	struct tuple tuple;
	__u8 syn; /* the first packet of a TCP connection */
	__u8 ends; /* CT_FIN, CT_RST: what it says about its end */
};

enum kind {
	PASS_THROUGH, /* none of our business */
	UNSUPPORTED, /* TCP or UDP whose ports we do not see or that we would have to reassemble */
	FLOW,
};

#define L4 (ETH_HLEN + sizeof(struct iphdr))

static __always_inline enum kind parse(struct __sk_buff *skb, struct packet *packet)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct ethhdr *eth;
	struct iphdr *ip;
	struct tcphdr *tcp;

	if (data + L4 + sizeof(*tcp) > end) { /* a short packet, or headers that are not in one piece */
		bpf_skb_pull_data(skb, skb->len < L4 + sizeof(*tcp) ? skb->len : L4 + sizeof(*tcp));
		data = (void *)(long)skb->data;
		end = (void *)(long)skb->data_end;
	}
	eth = data;
	ip = data + ETH_HLEN;
	tcp = data + L4;
	if (data + L4 + sizeof(struct udphdr) > end || eth->h_proto != bpf_htons(ETH_P_IP))
		return PASS_THROUGH;
	if (ip->protocol != IPPROTO_TCP && ip->protocol != IPPROTO_UDP)
		return PASS_THROUGH; /* ICMP, its errors too: the host's stack answers and forwards it */
	if (ip->ttl <= 1)
		return PASS_THROUGH; /* ends here: the host's stack says so */
	if (ip->ihl != 5 || ip->frag_off & bpf_htons(IP_FRAGMENT))
		return UNSUPPORTED;
	packet->tuple.saddr = ip->saddr;
	packet->tuple.daddr = ip->daddr;
	packet->tuple.sport = tcp->source; /* UDP has its ports at the same place */
	packet->tuple.dport = tcp->dest;
	packet->tuple.protocol = ip->protocol;
	packet->syn = packet->ends = 0;
	if (ip->protocol == IPPROTO_TCP) {
		if ((void *)(tcp + 1) > end)
			return PASS_THROUGH;
		packet->syn = tcp->syn && !tcp->ack;
		packet->ends = (tcp->fin ? CT_FIN : 0) | (tcp->rst ? CT_RST : 0);
	}
	return FLOW;
}

static __always_inline __u16 fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static __always_inline __u32 ports(const struct tuple *tuple)
{
	__u32 both;

	__builtin_memcpy(&both, &tuple->sport, sizeof(both));
	return both;
}

/* Gives the packet the tuple it leaves with and, as a router, one hop less to live. */
static __always_inline int rewrite(struct __sk_buff *skb, struct tuple *in, struct tuple *out)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct iphdr *ip = data + ETH_HLEN;
	__u32 *both = data + L4;
	__u32 checksum, flags, old;
	__s64 addresses;

	if (data + L4 + sizeof(struct udphdr) > end)
		return -1;
	/* RFC 1624: new sum = old sum - what was there + what is there. One byte of TTL is the upper half of a word. */
	checksum = (__u16)~ip->check + (__u16)~bpf_htons(ip->ttl << 8) + bpf_htons((ip->ttl - 1) << 8);
	ip->ttl--;
	if (same(in, out)) {
		ip->check = ~fold(checksum);
		return 0;
	}
	addresses = bpf_csum_diff(&in->saddr, 8, &out->saddr, 8, 0); /* both addresses in one go */
	ip->check = ~fold(checksum + fold(addresses));
	ip->saddr = out->saddr;
	ip->daddr = out->daddr;
	old = ports(in);
	*both = ports(out);
	/* The addresses are in the checksum's pseudo header. Where a device is still to compute the checksum, it holds the
	 * pseudo header alone: the helper knows. A UDP checksum of 0 means that there is none and is left at 0. */
	if (in->protocol == IPPROTO_UDP) {
		checksum = L4 + __builtin_offsetof(struct udphdr, check);
		flags = BPF_F_MARK_MANGLED_0;
	} else {
		checksum = L4 + __builtin_offsetof(struct tcphdr, check);
		flags = 0;
	}
	if (bpf_l4_csum_replace(skb, checksum, 0, addresses, flags | BPF_F_PSEUDO_HDR))
		return -1;
	return bpf_l4_csum_replace(skb, checksum, old, ports(out), flags | sizeof(old));
}

/* ---- connections ---- */

/* The state of a new entry, with a number that no other has. */
static __always_inline __u64 ct_new_state(void)
{
	return (__u64)bpf_get_prandom_u32() << 32 | seconds();
}

/* Copies the entry of this tuple. -1: there is none, or none any more because somebody is about to reuse it. */
static __always_inline int ct_read(const struct tuple *key, struct ct_entry *copy)
{
	struct ct_entry *entry = lookup(&connections, key);

	if (!entry)
		return -1;
	copy->out = entry->out;
	copy->state = *(volatile __u64 *)&entry->state;
	return copy->state & CT_CLAIMED ? -1 : 0;
}

/* Copies the mirror image of an entry that was copied. -1: it is forgotten, or its tuple is another connection's. */
static __always_inline int ct_read_mirror(const struct tuple *key, const struct ct_entry *entry, struct ct_entry *copy)
{
	struct tuple mirror = reversed(&entry->out), back = reversed(key);

	return ct_read(&mirror, copy) || !same(&copy->out, &back) ? -1 : 0;
}

/* Has bits of a state cleared and others set, if the entry is still the one that had the state `was`; -1: it is not. */
static __noinline int ct_change(const struct tuple *key, __u64 was, __u64 clear, __u64 set)
{
	struct ct_entry *entry = lookup(&connections, key);
	__u64 state;

	if (!entry)
		return -1;
	for (int i = 0; i < CT_TRIES; i++) {
		barrier_var(i); /* keeps the compiler from counting in another variable, whose end the verifier would not see */
		state = *(volatile __u64 *)&entry->state;
		if ((state ^ was) & CT_NUMBER || state & CT_CLAIMED)
			return -1;
		if (__sync_val_compare_and_swap(&entry->state, state, (state & ~clear) | set) == state)
			return 0;
	}
	return -1;
}

/* Makes an entry one that is about to be replaced, if nothing has happened to it since it was copied; one processor wins. */
static __always_inline int ct_claim(const struct tuple *key, const struct ct_entry *copy)
{
	struct ct_entry *entry = lookup(&connections, key);
	__u64 claimed = copy->state | CT_CLAIMED;

	return entry && __sync_val_compare_and_swap(&entry->state, copy->state, claimed) == copy->state ? 0 : -1;
}

static __always_inline int ct_is_idle(const struct ct_entry *entry)
{
	return ((seconds() - (entry->state & CT_SEEN)) & CT_SEEN) > (IDLE_SECONDS << 8);
}

/* Whether nobody can miss this connection: reset, closed from both ends, or silent for long where nothing says "end". */
static __noinline int ct_is_over(const struct tuple *key, const struct ct_entry *entry)
{
	struct ct_entry mirror = {};
	int lost = ct_read_mirror(key, entry, &mirror);

	if (lost || entry->out.protocol == IPPROTO_UDP)
		return ct_is_idle(entry) && (lost || ct_is_idle(&mirror));
	return (entry->state | mirror.state) & CT_RST || entry->state & mirror.state & CT_FIN;
}

/*
 * Takes the tuple `back` from a connection that is over, and gives it to `reply`. Should the map forget the claimed entry
 * and another connection begin with this tuple before the deletion, that one loses an entry; its client's next packet
 * restores it.
 */
static __always_inline int ct_take_over(const struct tuple *back, const struct ct_entry *old, const struct ct_entry *reply)
{
	struct tuple mirror = reversed(&old->out);
	struct ct_entry copy;

	if (!ct_is_over(back, old) || ct_claim(back, old))
		return -1;
	if (!ct_read_mirror(back, old, &copy))
		bpf_map_delete_elem(&connections, &mirror);
	bpf_map_delete_elem(&connections, back);
	return bpf_map_update_elem(&connections, back, reply, BPF_NOEXIST);
}

/*
 * Writes both entries. The reply's comes first and only if nobody has it (BPF_NOEXIST, one atomic step): two connections
 * that look alike to the backend never both succeed. -1: this one would.
 */
static __noinline int ct_insert(const struct tuple *in, const struct tuple *out)
{
	struct tuple back = reversed(out);
	struct ct_entry reply = { .out = reversed(in), .state = ct_new_state() };
	struct ct_entry request = { .out = *out, .state = ct_new_state() };
	struct ct_entry old = {};

	if (bpf_map_update_elem(&connections, &back, &reply, BPF_NOEXIST)) {
		if (ct_read(&back, &old))
			return -1;
		if (same(&old.out, &reply.out)) { /* our own: only the request's was forgotten, or it is over */
			if (ct_change(&back, old.state, CT_ENDS | CT_SEEN, seconds()))
				return -1;
		} else if (ct_take_over(&back, &old, &reply)) {
			return -1;
		}
	}
	return bpf_map_update_elem(&connections, in, &request, BPF_ANY) ? -1 : 0;
}

/* As `ct_insert`, from an address of the node: the first of a few ports that no other connection to this backend has. */
static __noinline int ct_insert_from_node(const struct tuple *in, struct tuple *out)
{
	struct node *here = this_node();
	__u32 first = hash(in);

	if (!here)
		return -1;
	out->saddr = here->address;
	for (int i = 0; i < PORT_TRIES; i++) {
		barrier_var(i); /* as in ct_change */
		out->sport = bpf_htons(FIRST_PORT + ((first + i * PORT_STEP) & (PORTS - 1)));
		if (!ct_insert(in, out))
			return 0;
	}
	return -1;
}

/*
 * Refreshes both entries of a connection: once a second, and when it begins again from the same port. The map forgets
 * entries, not connections, and what still speaks is not to lose one. -1: the mirror image is somebody else's by now.
 */
static __noinline int ct_refresh(const struct tuple *in, const struct ct_entry *entry, int begins)
{
	struct tuple mirror = reversed(&entry->out);
	struct ct_entry other = { .out = reversed(in), .state = ct_new_state() };
	__u64 clear = begins ? CT_ENDS | CT_SEEN : CT_SEEN;
	struct ct_entry found = {};

	if (!ct_read_mirror(in, entry, &found))
		ct_change(&mirror, found.state, clear, seconds());
	else if (bpf_map_update_elem(&connections, &mirror, &other, BPF_NOEXIST))
		return -1;
	ct_change(in, entry->state, clear, seconds()); /* forgotten in the meantime: the next packet begins again */
	return 0;
}

/* Finds out what a known connection's packet becomes; 0 where there is no such connection. */
static __always_inline int ct_lookup(const struct packet *packet, struct tuple *out)
{
	const struct tuple *in = &packet->tuple;
	struct ct_entry entry = {};

	if (ct_read(in, &entry))
		return 0;
	if (packet->syn && ct_is_over(in, &entry))
		return 0; /* the client uses its port again */
	if ((packet->syn || (entry.state & CT_SEEN) != seconds()) && ct_refresh(in, &entry, packet->syn))
		return 0;
	if (packet->ends)
		ct_change(in, entry.state, 0, packet->ends);
	*out = entry.out;
	return 1;
}

/* ---- the first packet of a connection ---- */

enum origin { LAB, POD };

/* Whether the packet would leave the node by the lab's interface; where not, it is the host's own or for elsewhere. */
static __always_inline int leaves_by_lab(struct __sk_buff *skb, const struct tuple *tuple)
{
	struct node *here = this_node();
	struct bpf_fib_lookup route = {
		.family = AF_INET,
		.ifindex = skb->ifindex,
		.ipv4_src = tuple->saddr,
		.ipv4_dst = tuple->daddr,
	};
	int found = bpf_fib_lookup(skb, &route, sizeof(route), 0);

	return here && (found == BPF_FIB_LKUP_RET_SUCCESS || found == BPF_FIB_LKUP_RET_NO_NEIGH) &&
	       route.ifindex == here->ifindex;
}

/* The service's backend for this connection: chosen by hash, so that a connection that was forgotten meets it again. */
static __always_inline int choose_backend(const struct tuple *in, struct tuple *out)
{
	struct frontend asked = { .address = in->daddr, .port = in->dport, .protocol = in->protocol };
	struct service *service = lookup(&services, &asked);
	struct backend *backend;
	__u32 index;

	if (!service || !service->count)
		return 0;
	index = service->first + (hash(in) >> 16) % service->count;
	backend = lookup(&backends, &index);
	if (!backend)
		return 0;
	out->daddr = backend->address;
	out->dport = backend->port;
	return 1;
}

#define FORWARD (-2) /* no tc action: the packet has become `out` and is to be sent on */

static __noinline int ct_create(struct __sk_buff *skb, const struct packet *packet, struct tuple *out, int origin)
{
	const struct tuple *in = &packet->tuple;
	int from_node; /* replies must come back through this node */
	__u32 *pod;

	*out = *in;
	if (choose_backend(in, out)) {
		pod = lookup(&endpoints, &out->daddr);
		/* To another node the client's address would make the reply bypass us; a pod that is its own backend would
		 * get a packet from itself. */
		from_node = origin == LAB ? !pod : out->daddr == in->saddr;
	} else {
		pod = lookup(&endpoints, &in->daddr);
		if (!pod && (origin == LAB || !leaves_by_lab(skb, in)))
			return TC_ACT_OK;
		if (origin == POD && in->protocol == IPPROTO_TCP && !packet->syn) {
			/* A reply of a connection that was forgotten: as it is, it would reach the client from an address that
			 * the client never asked. The client's next packet restores the connection. */
			count(DROPPED_UNKNOWN);
			return TC_ACT_SHOT;
		}
		from_node = 0;
	}
	if ((from_node || ct_insert(in, out)) && ct_insert_from_node(in, out)) {
		count(DROPPED_NO_PORT);
		return TC_ACT_SHOT;
	}
	count(CREATED);
	return FORWARD;
}

/* ---- the three programs ---- */

/*
 * Whether a pod may send this frame: it comes from the pod's own address, or is ARP, for which Cilium too leaves the
 * answer to the host. Everything else, IPv6 too because no pod has an address of it, is not a pod's to send.
 */
static __always_inline int may_send(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct ethhdr *eth;
	struct iphdr *ip;
	__be32 source;
	__u32 *device;

	if (data + L4 > end) {
		bpf_skb_pull_data(skb, skb->len < L4 ? skb->len : L4);
		data = (void *)(long)skb->data;
		end = (void *)(long)skb->data_end;
	}
	eth = data;
	ip = data + ETH_HLEN;
	if (data + ETH_HLEN <= end && eth->h_proto == bpf_htons(ETH_P_ARP))
		return 1;
	if (data + L4 > end || eth->h_proto != bpf_htons(ETH_P_IP))
		return 0;
	source = ip->saddr;
	device = lookup(&endpoints, &source);
	return device && *device == skb->ifindex;
}

static __always_inline int handle(struct __sk_buff *skb, enum origin origin, int netkit)
{
	struct packet packet = {};
	struct tuple out = {};
	struct node *here;
	__u32 *pod, device;
	int action;

	if (origin == POD && !may_send(skb)) {
		count(DROPPED_SOURCE);
		return TC_ACT_SHOT;
	}
	switch (parse(skb, &packet)) {
	case PASS_THROUGH:
		return TC_ACT_OK;
	case UNSUPPORTED:
		if (origin == LAB)
			return TC_ACT_OK; /* for a service: refused by the host; for a pod: routed by it */
		count(DROPPED_UNSUPPORTED); /* may be a reply that is to be translated */
		return TC_ACT_SHOT;
	case FLOW:
		break;
	}
	if (!ct_lookup(&packet, &out)) {
		action = ct_create(skb, &packet, &out, origin);
		if (action != FORWARD)
			return action;
	}
	if (rewrite(skb, &packet.tuple, &out))
		return TC_ACT_SHOT;
	pod = lookup(&endpoints, &out.daddr);
	if (pod) {
		device = *pod;
		count(TO_POD);
		/* The pod's end of the pair, in the pod's own network namespace; MAC addresses are left, IP does not look at them.
		 * A transmitting device cannot do that: there the packet goes through the other pod's pair. */
		return netkit && origin == POD ? bpf_redirect(device, 0) : bpf_redirect_peer(device, 0);
	}
	here = this_node();
	if (!here)
		return TC_ACT_SHOT;
	count(TO_WIRE);
	return bpf_redirect_neigh(here->ifindex, 0, 0, 0);
}

SEC("tc")
int from_lab(struct __sk_buff *skb)
{
	if (skb->pkt_type != PACKET_HOST) /* flooded by a switch: for another machine */
		return TC_ACT_OK;
	return handle(skb, LAB, 0);
}

SEC("tc")
int from_pod(struct __sk_buff *skb)
{
	return handle(skb, POD, 0);
}

SEC("tc")
int from_pod_netkit(struct __sk_buff *skb)
{
	return handle(skb, POD, 1);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
