"""The features of the server, a folder each."""
