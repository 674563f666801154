"""The HTTP interface of the server, as the command line uses it."""
