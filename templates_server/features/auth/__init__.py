"""OAuth 2 for the command line and for services: authorization, tokens, revocation, metadata.

Authlib implements the protocol. This package adds storage, PKCE with S256 only, rotation, replay detection and the
redirect rules. Each step of the protocol is one transaction, and an error is a response, not an exception, so that
the changes that it must make are committed.
"""

import logging

logging.getLogger("authlib").setLevel(logging.INFO)  # at DEBUG it writes whole tokens into the log
