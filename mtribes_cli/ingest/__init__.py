"""Bulk import of users: reads files, cuts them into parts, sends these, and resumes where it stopped."""
