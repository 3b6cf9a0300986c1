"""The user's cache as a whole: what is in it, what is wrong with it, and what can go."""
