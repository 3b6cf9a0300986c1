"""Values only: no I/O, no logic beyond validation. Every other room may import this one; it imports none of them."""
