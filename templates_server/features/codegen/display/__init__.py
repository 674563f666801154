"""Generated code displayed in a browser."""
