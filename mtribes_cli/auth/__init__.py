"""Signing in, and the credentials that are kept and sent."""
