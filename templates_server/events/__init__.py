"""Events: what people did."""
