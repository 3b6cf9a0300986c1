"""Kernel functions to subsystems.

The rules name functions by how they begin and, for code that a distribution builds as modules, the module:
`perf script` gives it in brackets in place of a file. What many subsystems call (memcpy, locks, allocation,
buffers, RCU) is named by no rule on purpose: such time belongs to the caller. Names inline and move between kernel
versions, hence patterns.
"""

from __future__ import annotations

import re
from functools import lru_cache

# Order matters: the first that matches wins, so a device comes before the layer whose prefix it shares.
_RULES = {
    "veth": r"""
        veth_ | (__)?netif_rx | enqueue_to_backlog | process_backlog | napi_schedule_rps | \[veth\]""",
    "ipip": r"""
        ipip_ | ip_tunnel_ | iptunnel_ | gro_cell | tunnel4_ | tunl0_ | \[(ipip|ip_tunnel|tunnel4)\]""",
    "vxlan": r"""
        vxlan_ | udp_tunnel | \[(vxlan|udp_tunnel)\]""",
    "ipvlan": r"""
        ipvlan_ | \[ipvlan\]""",
    "macvlan": r"""
        macvlan_ | \[macvlan\]""",
    "netkit": r"""
        netkit_ | \[netkit\]""",
    "bridge": r"""
        (__)?br_(?!nf_) | \[(bridge|llc|stp)\]""",
    "bpf": r"""
        bpf_(?!lsm_) | ___?bpf_ | cls_bpf_ | tcf_ | tcx_ | tc_run | sch_handle_ | skb_do_redirect | (__)?htab_
        | array_map_ | trie_lookup | xdp_ | generic_xdp | \[(cls_bpf|sch_ingress|act_.*)\]""",
    "netfilter": r"""
        (__)?(br_)?nf_ | nft_ | ipt_ | ip6?t_ | xt_ | iptable_ | ip_set_ | ip_vs_ | ipv4_con(ntrack|firm)
        | resolve_normal_ct | hash_conntrack | conntrack_ | masquerade_ | [ds]nat_ | get_unique_tuple | l4proto_manip
        | \[(nf_|nft_|ip_set|ip_vs|xt_|ipt_|x_tables|ip_tables|iptable_|br_netfilter|nfnetlink).*\]""",
    "routing": r"""
        (__)?fib_ | ip_route_ | ip_mc_route | (__|ip_)mkroute | rt_ | ipv4_(dst_|mtu) | dst_(?!output) | ip_forward
        | inet_rtm | find_exception | fnhe_ | __ip_dev_find | inet_addr_type | inet_select_addr""",
    "tcp": r"""
        (__)?tcp4?_ | inet_csk_ | (__)?inet_(lookup|hash|ehash|bind|twsk) | bbr_ | cubictcp_ | secure_tcp
        | sk_reset_timer | sk_stream_ | __sk_mem_ | reqsk_""",
    "ip": r"""
        (__)?ip_ | ipv4_ | arp_ | (__)?neigh_ | (__)?icmp_ | inet_frag | raw_local_deliver | raw_v4_input | (__)?xfrm
        | (__)?udp_""",
    "epoll": r"""
        (__)?ep_ | do_epoll | epoll_ | __(x64|arm64|se)_sys_epoll | eventpoll_ | do_sys_poll | do_select | sock_poll
        | eventfd_""",
    "socket": r"""
        (__)?sock_ | (__)?sk_ | (__)?inet_ | (__|__x64_|__arm64_)sys_(send|recv|socket|accept|conn|shut|setsock|getsock)
        | ___?_?sys_ | do_sock | do_accept | (__)?release_sock | lock_sock | security_sock | apparmor_sock
        | import_iovec""",
    "device": r"""
        (__)?dev_(?!forward) | netdev_ | sch_ | (__)?qdisc | pfifo_ | fq_ | noqueue | (__)?netif_ | validate_xmit
        | skb_network_protocol | eth_ | (__)?napi_(?!poll) | (inet_)?gro_ | dst_output | xmit_ | loopback_ | virtnet_
        | virtqueue_ | vring_ | e1000 | skb_csum | skb_defer | packet_rcv | tpacket_ | deliver_skb
        | \[(virtio_.*|e1000e?|ena|af_packet)\]""",
    "softirq": r"""
        net_rx_action | net_tx_action | __napi_poll | handle_softirqs | (__)?do_softirq | run_ksoftirqd | (__)?irq_exit
        | (__)?raise_softirq | tasklet_ | rcu_core | rcu_do_batch | wakeup_softirqd""",
    "timer": r"""
        (__)?hrtimer | tick_ | timekeeping_ | ktime_ | run_timer | call_timer | __run_timers | (__)?mod_timer
        | clockevents | lapic_ | .*apic_timer_interrupt | update_process_times | run_local_timers | update_wall_time
        | enqueue_timer | do_timer | process_timeout | posix_ | common_timer""",
    "scheduler": r"""
        (__)?schedule | sched_ | finish_task | try_to_wake | ttwu_ | (__)?wake_up | (__)?pick_ | put_prev | set_next
        | (en|de)queue_(task|entity|entities) | update_(curr|load|rq|se) | select_(task|idle) | (__)?switch_
        | prepare_task | context_switch | load_balance | newidle | do_futex | futex_ | autoremove_wake
        | default_wake | smpboot
        | resched | call_function | .*sysvec_(reschedule|call_function) | flush_smp | nohz_ | task_tick | psi_
        | place_entity | avg_vruntime | reweight | check_preempt""",
    "file": r"""
        vfs_ | do_filp | path_ | link_path | do_sys_open | do_open | filename_ | getname | do_fstat | do_statx
        | cp_new_stat | filemap_ | ext4_ | ovl_ | xfs_ | btrfs_ | (__)?lookup_ | walk_component | generic_file
        | splice_ | do_splice
        | (do_)?sendfile | alloc_(empty_file|fd) | (__)?fput | ksys_ | do_iter_ | new_sync | (__)?dput | (__)?d_lookup
        | terminate_walk | (__)?fd?get | shmem_ | pipe_ | do_dentry_open | rw_verify | file_close | filp_ | step_into
        | complete_walk | tty_ | n_tty | (__)?blk_ | bio_ | submit_bio | jbd2_
        | .*_sys_(open|close|fstat|newfstat|stat|sendfile|pread)""",
    "memory": r"""
        do_user_addr_fault | (asm_)?exc_page_fault | handle_mm_fault | do_mmap | unmap_ | exit_mmap | mmput | ksm_
        | do_anonymous | kswapd | kcompactd | khugepaged | .*_sys_(mmap|munmap|brk|mprotect)""",
    "process": r"""
        kthread | worker_thread | do_exit | do_group_exit | kernel_clone | begin_new_exec | load_elf | bprm_ | do_wait
        | copy_process | ret_from_fork | (__)?perf_ | proc_ | seq_ | .*_sys_(clone|exec|exit|wait)""",
    "syscall": r"""
        entry_SYSCALL | entry_SYSRETQ | do_syscall | syscall_ | __x64_sys | x64_sys_call | el0t?_ | invoke_syscall
        | .*swapgs_restore | exit_to_user | .*irqentry_ | asm_sysvec""",
    "idle": r"""
        do_idle | cpu_startup_entry | .*default_idle | (call_)?cpuidle_? | cpu_idle | intel_idle | .*safe_halt
        | acpi_(idle|processor) | mwait_idle | (arch_)?cpu_idle | poll_idle | .*haltpoll | menu_select | cpu_do_idle
        | secondary_startup | start_secondary | rest_init""",
}

GROUPS = (*_RULES, "user", "other")
"""Every group a function can fall into."""

_COMPILED = tuple((group, re.compile(pattern, re.VERBOSE)) for group, pattern in _RULES.items())


@lru_cache(maxsize=4096)
def subsystem(symbol: str, file: str) -> str | None:
    """Return the group of a kernel function, None for everybody's helper; a module's ``file`` is ``[module]``."""
    names = (symbol, file) if file.startswith("[") and not file.startswith("[kernel.") else (symbol,)
    for group, pattern in _COMPILED:
        if any(pattern.match(name) for name in names):
            return group
    return None
