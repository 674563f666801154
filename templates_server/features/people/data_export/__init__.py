"""All that is known of one user, for the user to have."""
