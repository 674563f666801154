"""Removing a user with all that is known of them, and remembering it, so that no backup brings them back."""
