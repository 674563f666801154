"""Exports of people and events: a snapshot, written to a file that can be downloaded repeatedly."""
