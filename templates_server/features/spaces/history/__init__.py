"""Histories of documents: the author, time and message of each revision."""
