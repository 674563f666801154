"""Generated code as people read it in a browser."""
