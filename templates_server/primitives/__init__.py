"""Values that every layer uses: times, IDs, addresses, documents, validation. Pure."""
