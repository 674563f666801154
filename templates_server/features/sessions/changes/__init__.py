"""Changes to a person's states while their session runs: as server-sent events, or by long polling."""
