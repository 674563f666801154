"""Getting people and events out, into a file that is whole or not there."""
