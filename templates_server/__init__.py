"""The platform behind mtribes: an HTTP server, its storage and its code generation."""
