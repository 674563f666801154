"""Pages for people: rendering, the browser session, sign-in, sign-out and the home page. Consent is in `oauth`."""
