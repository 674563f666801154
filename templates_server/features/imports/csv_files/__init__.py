"""CSV input of the console: the same rules as `mtribes user ingest`, verified by a contract test."""
