"""Pages for people: rendering, the browser's session, sign-in and sign-out, the first page. Consent is in `oauth`."""
