"""The words of the product: every string that a user may see, and the phrases that none of them may contain."""
