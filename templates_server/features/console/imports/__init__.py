"""Imports in the console."""
