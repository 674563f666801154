"""The command line `mtribes`. It meets the server over HTTP only; start reading at `main`."""

__version__ = "0.1.0"
