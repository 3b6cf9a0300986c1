"""Makes hosts be something, and shows that they are."""
