"""Visitors who turned out to be users: what is known of them moves to the user, once."""
