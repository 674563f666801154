"""What changes for a person while their session runs: told as server-sent events, or by a long poll."""
