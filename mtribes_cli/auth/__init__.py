"""Sign-in, and the credentials that are stored and sent."""
