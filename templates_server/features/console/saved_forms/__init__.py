"""Forms stored while a person signs in again."""
