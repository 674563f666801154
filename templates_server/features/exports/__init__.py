"""Getting people and events out: a snapshot, spooled to a file that is fetched and fetched again."""
