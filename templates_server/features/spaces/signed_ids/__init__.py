"""Signed user ids: whether an environment requires them, and its secret, for viewing and changing by developers."""
