"""Deleting a tag from everybody in an environment, in bounded steps that resume."""
