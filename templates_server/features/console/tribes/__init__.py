"""Tribes in the console."""
