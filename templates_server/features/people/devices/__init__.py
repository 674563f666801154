"""The devices on which people use apps."""
