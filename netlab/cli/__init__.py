"""The commands: each module here is one, registers its options and has a ``run``."""
