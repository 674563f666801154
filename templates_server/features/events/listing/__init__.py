"""Events as the Platform API lists them."""
