"""Tribes: sets of filters over people, shared by the environments of a Space."""
