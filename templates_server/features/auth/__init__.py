"""OAuth 2 for the command line and for services: authorization, tokens, revocation, metadata.

Authlib has the protocol; here is what it leaves to us: storage, PKCE by S256 alone, rotation, replays, whom a redirect
may reach. Each step of the protocol is one transaction, and a refusal is an answer, not an exception: what it must
leave behind is stored.
"""

import logging

logging.getLogger("authlib").setLevel(logging.INFO)  # at DEBUG it writes whole tokens into the log
