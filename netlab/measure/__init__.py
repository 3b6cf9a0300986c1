"""The plan of rounds and the driver that works through it."""
