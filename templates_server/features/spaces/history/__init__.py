"""Histories of documents: who made which revision, when and why."""
