"""The sign-in of a browser to a local server with the code in its data folder: the target of `mtribes open`."""

from __future__ import annotations

from starlette.responses import Response

from templates_server.errors import Forbidden, NotFound
from templates_server.features.accounts import store as accounts_store
from templates_server.features.auth.oauth_api import OAuthServices, oauth_config_of
from templates_server.features.pages.api import sign_in_as
from templates_server.features.pages.browser_session import identify_browser, local_path
from templates_server.features.pages.renderer import see_other
from templates_server.http.context import Call

USED_UP = "This link was already used. Run `mtribes open` to get a new one."


async def sign_in_locally(call: Call[OAuthServices]) -> Response:
    """Sign the browser in as the first administrator, once, and redirect; a signed-in browser is redirected at once.

    Raise NotFound on a server that is not local, Forbidden for an invalid code.
    """
    code = oauth_config_of(call).local_code
    if code is None:
        raise NotFound
    go_on_to = local_path(call.settings, call.query.get("next", ""))
    if (await identify_browser(call)).account is not None:
        return see_other(go_on_to)
    account = await call.database.read(accounts_store.find_first_administrator)
    if account is None or not code.use(call.query.get("code", "")):
        raise Forbidden(USED_UP)
    return await sign_in_as(call, account, go_on_to=go_on_to)
