"""netlab: measure what a container network costs, and why."""

__version__ = "0.1.0"
