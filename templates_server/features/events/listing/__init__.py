"""The event listing of the Platform API."""
