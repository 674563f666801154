"""The HTTP interface of the server, from the command line's side."""
