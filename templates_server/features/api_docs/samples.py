r"""Examples of a route: a curl command and a Python program. Pure.

Both read the server from MTRIBES_HOST, the credentials from MTRIBES_TOKEN (MTRIBES_KEY, of an environment, for the
Client API; MTRIBES_CLIENT_ID and MTRIBES_CLIENT_SECRET to sign in), and values that only the server has from the
variables that the sample names. Both exit with a failure if the server returns an error.
"""

from __future__ import annotations

import json
import pprint
import re
import shlex
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from templates_server.features.api_docs.examples import part_of
from templates_server.features.api_docs.responses import PATH_PARAMETER
from templates_server.http.response import Surface
from templates_server.http.route import Route
from templates_server.http.route_docs import FORM, JSON, BodyDocs, ParameterDocs

VARIABLE = re.compile(r"\$([A-Z][A-Z_]*)")
CREDENTIALS = {Surface.PLATFORM: "MTRIBES_TOKEN", Surface.CLIENT: "MTRIBES_KEY", Surface.OFREP: "MTRIBES_KEY"}
SIGN_IN = "MTRIBES_SIGN_IN"
NOT_QUOTED = "$@:"  # in a part of a path (RFC 3986, 3.3)
LINE = 60
ARGUMENTS = {"fields": "data", "body": "json", "content": "content"}


def curl(route: Route) -> str:
    """Return a curl command."""
    words = ["curl --fail-with-body --silent --show-error"]
    if route.method != "GET":
        words.append(f"--request {route.method}")
    words += [f'--header "{name}: {_shell(value)}"' for name, value in _headers(route).items()]
    words += _curl_body(route)
    words.append(f'"$MTRIBES_HOST{_shell(_address(route))}"')
    return " \\\n  ".join(words)


def _shell(text: str) -> str:
    return text.replace('"', '\\"')


def _curl_body(route: Route) -> list[str]:
    media_type = _media_type(route)
    if media_type == FORM:
        return [f'--data-urlencode "{name}={value}"' for name, value in route.example.items()]
    if route.example is None:
        return []
    if isinstance(route.example, str):
        return [f"--data-binary {shlex.quote(route.example)}"]
    text = json.dumps(route.example, ensure_ascii=False)
    if VARIABLE.search(text):
        return [f'--data "{_shell(text)}"']
    return [f"--data {shlex.quote(text)}"]


def python(route: Route) -> str:
    """Return a Python program that uses httpx."""
    lines = ["import os", "", "import httpx", "", 'host = os.environ["MTRIBES_HOST"]']
    arguments = [_python_text(f"{{host}}{_address(route)}")]
    headers = _headers(route)
    if headers:
        lines += [f"headers = {_python_mapping(headers)}"]
        arguments.append("headers=headers")
    if route.example is not None:
        name, value = _python_body(route)
        lines += [f"{name} = {value}"]
        arguments.append(f"{ {'fields': 'data', 'body': 'json', 'content': 'content'}[name] }={name}")
    lines += [
        f"answer = httpx.{route.method.lower()}({', '.join(arguments)})",
        "answer.raise_for_status()",
        "print(answer.status_code, answer.text)",
    ]
    return "\n".join(lines)


def _python_body(route: Route) -> tuple[str, str]:
    if _media_type(route) == FORM:
        return "fields", _python_mapping(route.example)
    if isinstance(route.example, str):
        return "content", repr(route.example) + ".encode()"
    return "body", _with_variables(pprint.pformat(route.example, width=LINE, sort_dicts=False))


def _python_mapping(values: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f'"{name}": {_python_text(str(value))}' for name, value in values.items()) + "}"


def _python_text(text: str) -> str:
    """Return a text as a Python expression; `$NAME` is read from the environment."""
    filled = VARIABLE.sub(lambda match: f"{{os.environ['{match[1]}']}}", text)
    return f'f"{filled}"' if "{" in filled else f'"{filled}"'


def _with_variables(source: str) -> str:
    return re.sub(r"'\$([A-Z][A-Z_]*)'", r"os.environ['\1']", source)


def _headers(route: Route) -> dict[str, str]:
    headers = {}
    if route.surface in CREDENTIALS and not route.is_open:
        headers["Authorization"] = f"Bearer ${SIGN_IN if route.needs_sign_in else CREDENTIALS[route.surface]}"
    media_type = _media_type(route)
    if route.example is not None and media_type != FORM:
        headers["Content-Type"] = media_type
    return headers | {
        parameter.name: str(parameter.example)
        for parameter in route.takes
        if parameter.place == "header" and _is_shown(parameter)
    }


def _is_shown(parameter: ParameterDocs) -> bool:
    return parameter.required or parameter.in_samples


def _media_type(route: Route) -> str:
    return route.reads.media_types[0] if isinstance(route.reads, BodyDocs) else JSON


def _address(route: Route) -> str:
    """Return the path on a demo server, with the query parameters it requires."""
    path = PATH_PARAMETER.sub(
        lambda match: quote(part_of(route, match[1]).example, safe=NOT_QUOTED + ("/" if match[2] else "")), route.path
    )
    query = {
        parameter.name: str(parameter.example)
        for parameter in route.takes
        if parameter.place == "query" and _is_shown(parameter)
    }
    return f"{path}?{urlencode(query, safe='$')}" if query else path
