"""Attempts to get in: failures are counted, and who has too many must wait. What is attempted is said elsewhere."""
