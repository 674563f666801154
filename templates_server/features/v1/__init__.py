"""Version 1.0 of the Platform API, deprecated: other paths to the same handlers."""
