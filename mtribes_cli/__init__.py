"""The command line `mtribes`. It talks to the server over HTTP only; start reading at `main`."""

__version__ = "0.1.0"
