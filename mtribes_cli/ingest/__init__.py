"""Bringing many users in: reading files, cutting them into parts, sending these, and picking up where it stopped."""
