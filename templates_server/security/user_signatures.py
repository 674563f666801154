"""Signed user ids: where an environment requires them, stating one takes what the app's back end made of it.

`user_signature` is the lower-case hexadecimal HMAC-SHA-256 of the id (UTF-8) under the environment's secret (its text).
"""

from __future__ import annotations

import functools
import hmac
from dataclasses import dataclass

from templates_server.security.authorization import Principal
from templates_server.security.server_key import ServerKey

PURPOSE = "user signatures"
CACHED_SECRETS = 1024


@dataclass(frozen=True, slots=True)
class IdCheck:
    """The check of user IDs in an environment. `secret` None: signatures are not required."""

    secret: str | None

    def find_problem(self, external_id: str | None, signature: str | None) -> str | None:
        """Return the problem with the signature of an ID, as words that follow "This"; None if it is valid."""
        if self.secret is None or external_id is None:
            return None
        if signature is None:
            return "is required: this environment requires signed user IDs"
        if hmac.compare_digest(sign(self.secret, external_id).encode(), signature.encode()):
            return None
        return "does not match external_id and the environment's current secret"


ANYBODY = IdCheck(None)


class UserSignatures:
    """The secrets of environments, all derived from the server's key: none is stored."""

    def __init__(self, key: ServerKey) -> None:
        self._key = key
        self._check = functools.lru_cache(CACHED_SECRETS)(self._make_check)

    def secret(self, environment_id: str, version: int) -> str:
        """Return the secret of an environment, from version 1; each version has another one."""
        return self._key.derive(PURPOSE, f"{environment_id}/{version}").hex()

    def check_for(self, app: Principal) -> IdCheck:
        """Return the check of the environment of an app's key."""
        if app.environment_id is None or app.signature_version <= 0:
            return ANYBODY
        return self._check(app.environment_id, app.signature_version)

    def _make_check(self, environment_id: str, version: int) -> IdCheck:
        return IdCheck(self.secret(environment_id, version))


def sign(secret: str, external_id: str) -> str:
    """Return the signature that an app's back end makes for a user ID."""
    return hmac.digest(secret.encode(), external_id.encode(), "sha256").hex()
