"""Delivery: what each environment shows."""
