"""Runs → one report, in every format it has: ``compute`` → ``values`` → ``text`` and ``draw`` → ``render``."""
