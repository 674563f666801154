"""The description of the server, made from the URL table: for programs (`/openapi.json`), people (`/docs/api`)."""
