"""Sessions: runs of apps, each with the states shown to one person."""
