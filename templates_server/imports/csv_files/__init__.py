"""CSV as the console takes it: the rules of `mtribes user ingest`, which a contract test compares."""
