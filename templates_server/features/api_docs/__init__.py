"""The documentation the server serves under `/docs`: the manual and the reference of its HTTP API."""
