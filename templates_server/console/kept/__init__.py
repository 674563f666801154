"""Forms that are kept while a person signs in again."""
