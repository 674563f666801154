"""Users and visitors in the console."""
