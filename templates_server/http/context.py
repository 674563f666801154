"""What a handler gets: the request on its way, and the services that the composition root made."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypeVar  # in `typing` from Python 3.13 on

from templates_server.http.audit_event import AuditEvent
from templates_server.http.idempotency.idempotent_request import IdempotentRequest, IdempotentRequests
from templates_server.http.proxy_check import SilentProxies
from templates_server.http.rate_limiter import Quota, RateLimiter
from templates_server.http.response import ApiResult, to_response
from templates_server.http.stream_limiter import StreamLimiter
from templates_server.primitives.ip_addresses import CallerAddress, identify_caller
from templates_server.primitives.timestamps import Clock
from templates_server.security import authorization
from templates_server.security.login_throttle import LoginThrottle
from templates_server.security.passwords import Passwords
from templates_server.security.server_key import ServerKey
from templates_server.security.user_signatures import UserSignatures
from templates_server.settings import Settings
from templates_server.storage.database import Database
from templates_server.storage.removal.job import SpaceRemovalJob

NO_DETAILS: Mapping[str, object] = {}


Authenticate = Callable[[str], Awaitable[authorization.Principal | None]]


Locate = Callable[[Mapping[str, str]], Awaitable[authorization.ResourceScope | None]]


FeaturesT_co = TypeVar("FeaturesT_co", covariant=True, default=object)
"""What a handler needs of the features' own services: a Protocol beside the handler. `object`: it needs none."""


@dataclass(frozen=True)
class Services:
    """What every request is served with, whatever feature it is for."""

    settings: Settings
    database: Database
    clock: Clock
    authenticate: Authenticate
    locate: Locate
    server_key: ServerKey
    passwords: Passwords
    login_throttle: LoginThrottle
    user_signatures: UserSignatures
    idempotent_requests: IdempotentRequests
    rate_limiter: RateLimiter
    stream_limiter: StreamLimiter
    silent_proxies: SilentProxies
    space_removal_job: SpaceRemovalJob


@dataclass
class Call(Generic[FeaturesT_co]):
    """One request on its way through the steps (`pipeline.py`), which fill it in, and its handler."""

    request: Request
    services: Services
    features: FeaturesT_co
    parameters: Mapping[str, str]
    body: Any = None
    asker: authorization.Principal | None = None
    located: authorization.ResourceScope | None = None
    once: IdempotentRequest | None = None
    quota: Quota | None = None
    brought_back: Mapping[str, str] | None = None

    @property
    def database(self) -> Database:
        """Where things are stored."""
        return self.services.database

    @property
    def settings(self) -> Settings:
        """What the server was told."""
        return self.services.settings

    @property
    def now(self) -> int:
        """The present time in milliseconds."""
        return self.services.clock()

    @functools.cached_property
    def caller(self) -> CallerAddress:
        """The network address of who asks, and as what they are counted."""
        peer, settings = self.request.client, self.settings
        return identify_caller(
            peer.host if peer else "",
            self.request.headers.raw,
            proxies=settings.trusted_proxies,
            header=settings.proxy_header,
        )

    @property
    def address(self) -> str:
        """The network address of who asks; of a listed proxy, the one that it says. Empty when there is none."""
        return self.caller.address

    @property
    def principal(self) -> authorization.Principal:
        """Who asks; only where the surface asks for credentials."""
        if self.asker is None:
            raise LookupError("this route has no principal")
        return self.asker

    @property
    def place(self) -> authorization.ResourceScope:
        """Where it acts; only where the path names an organization or a Space."""
        if self.located is None:
            raise LookupError("this route has no place")
        return self.located

    @property
    def space_id(self) -> str:
        """The Space of the path."""
        return _present(self.place.space_id)

    @property
    def environment_id(self) -> str:
        """The environment of the path."""
        return _present(self.place.environment_id)

    @property
    def app_environment_id(self) -> str:
        """The environment of the pk_ key; only in the Client API."""
        return _present(self.principal.environment_id)

    @property
    def query(self) -> Mapping[str, str]:
        """The parameters behind the question mark, of a repeated one the last; and what is brought back of a form."""
        query = self.request.query_params
        return query if self.brought_back is None else {**query, **self.brought_back}

    async def effect(self, work: Callable[[Connection], ApiResult]) -> Response:
        """Return the response to a change: the work stores the change and returns the result.

        It is one transaction. Under an Idempotency-Key (POST) the response is stored in it too, and replayed when the
        request is repeated.
        """
        if self.once is None:
            return to_response(await self.database.write(work))
        return await self.once.perform(self.database, lambda connection: to_response(work(connection)))

    def deed(
        self,
        action: str,
        target: str,
        *,
        organization_id: str | None = None,
        details: Mapping[str, object] = NO_DETAILS,
    ) -> AuditEvent:
        """Return the audit event of an action: in the organization of the path, or in one that is named."""
        place = self.located
        return AuditEvent(
            organization_id or self.place.organization_id,
            self.now,
            self.principal.kind.value,
            self.principal.id,
            self.principal.email or self.principal.name,
            action,
            target,
            space=place.space_key if place else None,
            environment=place.environment_name if place else None,
            address=self.address,
            details=details,
        )


def _present(value: str | None) -> str:
    if value is None:
        raise LookupError("the path of this route does not name it")
    return value
