"""People, organizations, members and service accounts."""
