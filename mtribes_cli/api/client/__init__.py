"""The client of the server: one file per resource, joined in `client`."""
