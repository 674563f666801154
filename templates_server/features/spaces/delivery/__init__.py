"""Delivery: the content of each environment."""
