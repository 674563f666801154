"""Runs of apps, each for one person: what they are shown."""
