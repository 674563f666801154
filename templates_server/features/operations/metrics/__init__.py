"""Numbers for Prometheus: what was asked, how it was answered, how long that took."""
