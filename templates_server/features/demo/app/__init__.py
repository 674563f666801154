"""The app at /demo of a demo server: a video store built on its generated code. See `files/`."""
