"""The report's words: numbers with their units, and every sentence."""
