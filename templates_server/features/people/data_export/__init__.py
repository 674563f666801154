"""All data about one user, for that user."""
