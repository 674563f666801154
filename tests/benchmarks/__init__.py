"""Benchmarks: each prints a ratio of two things run in turn, beside its target. None of them can fail a build."""
