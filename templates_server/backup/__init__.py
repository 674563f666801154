"""One file that holds everything a server knows, and the way back."""
