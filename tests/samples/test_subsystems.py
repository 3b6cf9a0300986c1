from __future__ import annotations

import pytest

from netlab.samples.subsystems import GROUPS, subsystem

BUILT_IN = "[kernel.kallsyms]"


@pytest.mark.parametrize(
    ("group", "symbols"),
    [
        ("veth", "veth_xmit veth_poll __netif_rx netif_rx_internal enqueue_to_backlog process_backlog"),
        ("softirq", "net_rx_action __napi_poll handle_softirqs __do_softirq do_softirq run_ksoftirqd"),
        (
            "netfilter",
            "nf_hook_slow ipt_do_table nft_do_chain nf_conntrack_in nf_nat_ipv4_pre_routing br_nf_pre_routing",
        ),
        ("routing", "fib_table_lookup ip_route_input_slow ip_route_output_key_hash_rcu ip_forward"),
        ("ipip", "ipip_tunnel_xmit ip_tunnel_xmit ipip_rcv ip_tunnel_rcv iptunnel_xmit gro_cells_receive"),
        ("ipvlan", "ipvlan_queue_xmit ipvlan_handle_frame ipvlan_process_v4_outbound ipvlan_nf_input"),
        ("macvlan", "macvlan_start_xmit macvlan_handle_frame"),
        ("netkit", "netkit_xmit"),
        ("bridge", "br_handle_frame br_forward __br_forward br_dev_xmit"),
        ("bpf", "tcf_classify cls_bpf_classify skb_do_redirect bpf_prog_6deef7357e7b4530_from_nic bpf_redirect_peer"),
        ("tcp", "tcp_v4_rcv tcp_sendmsg_locked __tcp_transmit_skb tcp4_gro_receive __inet_lookup_established"),
        ("ip", "ip_rcv ip_local_deliver_finish __ip_queue_xmit ip_finish_output2 arp_process neigh_resolve_output"),
        ("socket", "sock_recvmsg sock_def_readable __sys_sendto inet_sendmsg release_sock sk_filter_trim_cap"),
        ("epoll", "ep_poll do_epoll_wait __x64_sys_epoll_wait ep_send_events sock_poll"),
        ("device", "__dev_queue_xmit dev_hard_start_xmit __netif_receive_skb_core validate_xmit_skb napi_gro_receive"),
        ("scheduler", "__schedule try_to_wake_up finish_task_switch pick_next_task_fair enqueue_task_fair"),
        ("timer", "hrtimer_interrupt tick_sched_timer ktime_get asm_sysvec_apic_timer_interrupt"),
        ("file", "vfs_read do_filp_open link_path_walk filemap_read ext4_file_open fput __fdget_pos"),
        ("syscall", "do_syscall_64 entry_SYSCALL_64_after_hwframe syscall_exit_to_user_mode x64_sys_call el0_svc"),
        ("idle", "do_idle default_idle cpuidle_enter_state pv_native_safe_halt acpi_idle_enter cpu_startup_entry"),
    ],
)
def test_functions_of_a_subsystem(group, symbols):
    assert {symbol: subsystem(symbol, BUILT_IN) for symbol in symbols.split()} == dict.fromkeys(symbols.split(), group)


@pytest.mark.parametrize(
    ("module", "group"),
    [("[veth]", "veth"), ("[ip_tunnel]", "ipip"), ("[ipvlan]", "ipvlan"), ("[nf_conntrack]", "netfilter"),
     ("[ip_tables]", "netfilter"), ("[br_netfilter]", "netfilter"), ("[bridge]", "bridge"), ("[cls_bpf]", "bpf"),
     ("[virtio_net]", "device")],
)  # fmt: skip
def test_an_unknown_function_belongs_to_its_module(module, group):
    assert subsystem("cleanup_everything", module) == group


@pytest.mark.parametrize(
    "symbol",
    [
        "memcpy_orig",
        "_raw_spin_unlock_irqrestore",
        "kmem_cache_free",
        "__alloc_skb",
        "skb_release_data",
        "__rcu_read_lock",
        "mutex_lock",
        "__local_bh_enable_ip",
        "copy_user_generic",
        "csum_partial",
        "__dev_forward_skb2",
        "bpf_lsm_file_permission",
        "[unknown]",
    ],
)
def test_helpers_of_everybody_are_named_by_no_rule(symbol):
    assert subsystem(symbol, BUILT_IN) is None


def test_groups_are_listed_once():
    assert len(GROUPS) == len(set(GROUPS))
    assert {"user", "idle", "other"} <= set(GROUPS)
