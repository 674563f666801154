"""The server about itself: whether it lives and can serve."""
