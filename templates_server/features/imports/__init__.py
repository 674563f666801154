"""People in bulk: numbered parts of rows, each applied whole and once, however often it is sent."""
