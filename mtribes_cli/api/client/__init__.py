"""The client of the server: a file a resource, joined in `client`."""
