"""Decoding of forms and query strings."""
