"""What the server sends and reads, as typed values."""
