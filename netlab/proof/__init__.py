"""Proves which path packets take: probes → the kernel's record → hops → compared with what the profile promises."""
