"""Impact: which people would see something else if a delivery or tribes were pushed."""
