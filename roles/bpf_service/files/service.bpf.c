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
 * so either half can be made from the other. Traffic to and from pods that is not translated has entries too (in = out):
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

#define CONNECTION_HALVES 262144 /* 131 072 connections; then the ones that were silent longest are forgotten */
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

/* What this half's own packets have said. */
#define SEEN_FIN 1
#define SEEN_RST 2
#define CLAIMED 4 /* over, and somebody is about to reuse its tuple */

struct half {
	struct tuple out;
	__u32 state;
	__u32 seen; /* when this half and its mirror image were last found whole, in seconds() */
};

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

enum counter { TO_POD, TO_WIRE, BEGUN, DROPPED_NO_PORT, DROPPED_UNKNOWN, DROPPED_UNSUPPORTED, COUNTERS };

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CONNECTION_HALVES);
	__type(key, struct tuple);
	__type(value, struct half);
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

/* A clock that costs no division and is read once a packet: its second has 2^30 ns. */
static __always_inline __u32 seconds(void)
{
	return bpf_ktime_get_coarse_ns() >> 30;
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
	__u8 fin;
	__u8 rst;
};

enum kind {
	FOREIGN, /* none of our business */
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
		return FOREIGN;
	if (ip->protocol != IPPROTO_TCP && ip->protocol != IPPROTO_UDP)
		return FOREIGN; /* ICMP, its errors too: the host's stack answers and forwards it */
	if (ip->ttl <= 1)
		return FOREIGN; /* ends here: the host's stack says so */
	if (ip->ihl != 5 || ip->frag_off & bpf_htons(IP_FRAGMENT))
		return UNSUPPORTED;
	packet->tuple.saddr = ip->saddr;
	packet->tuple.daddr = ip->daddr;
	packet->tuple.sport = tcp->source; /* UDP has its ports at the same place */
	packet->tuple.dport = tcp->dest;
	packet->tuple.protocol = ip->protocol;
	packet->syn = packet->fin = packet->rst = 0;
	if (ip->protocol == IPPROTO_TCP) {
		if ((void *)(tcp + 1) > end)
			return FOREIGN;
		packet->syn = tcp->syn && !tcp->ack;
		packet->fin = tcp->fin;
		packet->rst = tcp->rst;
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
	 * pseudo header alone: the helper knows. A UDP checksum of 0 means that there is none and stays 0. */
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

/* Whether nobody can miss this connection: reset, closed from both ends, or silent for long where nothing says "end". */
static __noinline int is_over(const struct half *half)
{
	struct tuple mirror = reversed(&half->out);
	struct half *other = lookup(&connections, &mirror);
	__u32 idle = seconds() - half->seen;

	if (!other || half->out.protocol == IPPROTO_UDP)
		return idle > IDLE_SECONDS && (!other || seconds() - other->seen > IDLE_SECONDS);
	return (half->state | other->state) & SEEN_RST || half->state & other->state & SEEN_FIN;
}

/* Takes the tuple `back` from a connection that is over. The claim lets one processor win. */
static __always_inline int take_over(struct tuple *back, struct half *old, struct half *reply)
{
	__u32 state = old->state;
	struct tuple mirror;

	if (state & CLAIMED || !is_over(old) || __sync_val_compare_and_swap(&old->state, state, state | CLAIMED) != state)
		return -1;
	mirror = reversed(&old->out);
	bpf_map_delete_elem(&connections, &mirror);
	bpf_map_delete_elem(&connections, back);
	return bpf_map_update_elem(&connections, back, reply, BPF_NOEXIST);
}

/*
 * Writes both halves. The reply's comes first and only if nobody has it (BPF_NOEXIST, one atomic step): two connections
 * that look alike to the backend never both succeed. -1: this one would.
 */
static __noinline int establish(const struct tuple *in, const struct tuple *out)
{
	struct tuple back = reversed(out);
	struct half reply = { .out = reversed(in), .seen = seconds() };
	struct half request = { .out = *out, .seen = reply.seen };
	struct half *old;

	if (bpf_map_update_elem(&connections, &back, &reply, BPF_NOEXIST)) {
		old = lookup(&connections, &back);
		if (!old)
			return -1;
		if (same(&old->out, &reply.out)) { /* our own: only the request's half was forgotten, or it is over */
			old->state = 0;
			old->seen = reply.seen;
		} else if (take_over(&back, old, &reply)) {
			return -1;
		}
	}
	return bpf_map_update_elem(&connections, in, &request, BPF_ANY) ? -1 : 0;
}

/* As `establish`, from an address of the node: the first of a few ports that no other connection to this backend has. */
static __noinline int establish_from_node(const struct tuple *in, struct tuple *out)
{
	struct node *here = this_node();
	__u32 first = hash(in);

	if (!here)
		return -1;
	out->saddr = here->address;
	for (int i = 0; i < PORT_TRIES; i++) {
		barrier_var(i); /* keeps the compiler from counting in another variable, whose end the verifier would not see */
		out->sport = bpf_htons(FIRST_PORT + ((first + i * PORT_STEP) & (PORTS - 1)));
		if (!establish(in, out))
			return 0;
	}
	return -1;
}

/*
 * Looks after both halves of a connection: once a second, and when it begins again from the same port. The map forgets
 * halves, not connections, and what still speaks is not to lose one. -1: the other half is somebody else's by now.
 */
static __noinline int look_after(const struct tuple *in, struct half *half, int begins)
{
	struct tuple mirror = reversed(&half->out);
	struct half other = { .out = reversed(in), .seen = seconds() };
	struct half *found = lookup(&connections, &mirror);

	if (!found) {
		if (bpf_map_update_elem(&connections, &mirror, &other, BPF_NOEXIST))
			return -1;
	} else {
		if (!same(&found->out, &other.out))
			return -1;
		found->seen = other.seen;
		if (begins)
			found->state = 0;
	}
	half->seen = other.seen;
	if (begins)
		half->state = 0;
	return 0;
}

/* Finds out what a known connection's packet becomes; 0 where there is no such connection. */
static __always_inline int known(const struct packet *packet, struct tuple *out)
{
	struct half *half = lookup(&connections, &packet->tuple);

	if (!half)
		return 0;
	if (packet->syn && is_over(half))
		return 0; /* the client uses its port again */
	if ((packet->syn || half->seen != seconds()) && look_after(&packet->tuple, half, packet->syn))
		return 0;
	if (packet->fin)
		__sync_fetch_and_or(&half->state, SEEN_FIN);
	if (packet->rst)
		__sync_fetch_and_or(&half->state, SEEN_RST);
	*out = half->out;
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

static __noinline int begin(struct __sk_buff *skb, const struct packet *packet, struct tuple *out, int origin)
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
			 * the client never asked. The client's next packet brings the connection back. */
			count(DROPPED_UNKNOWN);
			return TC_ACT_SHOT;
		}
		from_node = 0;
	}
	if ((from_node || establish(in, out)) && establish_from_node(in, out)) {
		count(DROPPED_NO_PORT);
		return TC_ACT_SHOT;
	}
	count(BEGUN);
	return FORWARD;
}

/* ---- the three programs ---- */

static __always_inline int handle(struct __sk_buff *skb, enum origin origin, int netkit)
{
	struct packet packet = {};
	struct tuple out = {};
	struct node *here;
	__u32 *pod;
	int action;

	switch (parse(skb, &packet)) {
	case FOREIGN:
		return TC_ACT_OK;
	case UNSUPPORTED:
		if (origin == LAB)
			return TC_ACT_OK; /* for a service: refused by the host; for a pod: routed by it */
		count(DROPPED_UNSUPPORTED); /* may be a reply that is to be translated */
		return TC_ACT_SHOT;
	case FLOW:
		break;
	}
	if (!known(&packet, &out)) {
		action = begin(skb, &packet, &out, origin);
		if (action != FORWARD)
			return action;
	}
	if (rewrite(skb, &packet.tuple, &out))
		return TC_ACT_SHOT;
	pod = lookup(&endpoints, &out.daddr);
	if (pod) {
		count(TO_POD);
		/* The pod's end of the pair, in the pod's own network namespace; MAC addresses stay, IP does not look at them.
		 * A transmitting device cannot do that: there the packet goes through the other pod's pair. */
		return netkit && origin == POD ? bpf_redirect(*pod, 0) : bpf_redirect_peer(*pod, 0);
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
