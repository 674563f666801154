"""HTTP without any feature: the protocol, its limits, routes, and the way from a request to a response."""
