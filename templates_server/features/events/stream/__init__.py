"""Events and sessions of an environment as they arrive, told as server-sent events."""
