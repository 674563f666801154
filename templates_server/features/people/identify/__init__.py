"""People's identities and profiles as sent by apps: `identify` and `alias`."""
