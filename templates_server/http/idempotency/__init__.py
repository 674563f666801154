"""Responses that are stored and replayed for repeated requests: `Idempotency-Key`."""
