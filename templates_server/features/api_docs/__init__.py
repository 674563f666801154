"""The documentation that the server shows under `/docs`: the manual, and the reference of its HTTP API."""
