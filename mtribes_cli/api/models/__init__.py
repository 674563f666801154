"""What the server sends and accepts, as typed values."""
