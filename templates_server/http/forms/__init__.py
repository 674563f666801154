"""Forms and query strings, decoded."""
