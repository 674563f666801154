"""The server's own operations: health, readiness, backup and maintenance."""
