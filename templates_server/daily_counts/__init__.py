"""Counts of days that have ended: of active people, sessions, events and tribe sizes, without people."""
