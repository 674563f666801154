"""Deletion of a tag from everybody in an environment, in bounded steps that can resume."""
