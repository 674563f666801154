"""What commands share in their signatures: options, documents, prompts."""
