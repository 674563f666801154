"""Sign-in: OAuth 2 as a protocol."""
