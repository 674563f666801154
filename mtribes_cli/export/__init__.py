"""Exports of people and events into a file that is complete or does not exist."""
