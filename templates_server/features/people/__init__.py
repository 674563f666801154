"""Users, their tags, and visitors: look up, insert or update, delete with all their data."""
