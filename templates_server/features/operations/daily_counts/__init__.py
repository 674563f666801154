"""Counts of completed days: of active people, sessions, events and tribe sizes, without personal data."""
