"""Spaces: their models, environments and keys."""
