"""The devices that people use apps on."""
