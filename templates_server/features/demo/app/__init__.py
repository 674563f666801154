"""The app at /demo of a demo server: a video store on the code that is generated for it. See `files/`."""
