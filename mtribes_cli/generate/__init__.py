"""Generated code: fetched, planned, written, and recovered after an interrupted write."""
