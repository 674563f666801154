"""That flags may have changed for a person: told as server-sent events, as the protocol's decision 8 has them."""
