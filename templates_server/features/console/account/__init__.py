"""A person's own account in the console."""
