"""How long what people did is kept, and removing what is older."""
