"""Names of events received in an environment: their counts, their metadata and whether they match the model."""
