"""Removing what is known of the people of Spaces that were deleted, in steps."""
