"""Prometheus metrics: requests, responses and durations."""
