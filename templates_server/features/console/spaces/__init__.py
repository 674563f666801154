"""Spaces and their environments in the console."""
