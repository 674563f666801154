"""Notifications that a person's flags may have changed: server-sent events as in decision 8 of the protocol."""
