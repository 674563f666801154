"""HTTP without any feature: the protocol, its limits, routes, and the steps from a request to a response."""
