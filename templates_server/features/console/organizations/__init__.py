"""Organizations in the console."""
