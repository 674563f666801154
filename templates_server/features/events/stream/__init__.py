"""A live stream of an environment's events and sessions, as server-sent events."""
