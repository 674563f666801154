"""The names of events that arrive in an environment: how often, with which metadata, and as the model says or not."""
