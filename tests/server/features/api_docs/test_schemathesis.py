"""schemathesis, which makes requests from `/openapi.json` and from wrong readings of it, finds nothing to complain of.

It checks that nothing is a failure of the server, that each answer is described in status, media type, headers and
body, that what breaks a schema is refused, that methods which are not there are refused, that credentials are needed
where they are said to be, and that what was removed is gone. The one check that is left out is that of
`positive_data_acceptance`: rules that a schema cannot tell (a name that is taken, a tribe that is used) refuse much of
what schemas allow. The witness of the tests' servers looks at every answer as well.

A seeded run belongs to the long proofs. With MTRIBES_FULL_SCALE=1 it has every phase and many more cases.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.openapi_conformance import FINDINGS
from tests.requirements import require
from tests.server.features.api_docs.demonstration import USERS, Demonstration, demonstration

IS_FULL_SCALE = os.environ.get("MTRIBES_FULL_SCALE") == "1"
PHASES = "examples,coverage,fuzzing,stateful" if IS_FULL_SCALE else "examples,fuzzing"
EXAMPLES = 40 if IS_FULL_SCALE else 3
LEAST_CASES = 5_000 if IS_FULL_SCALE else 500
SEED = 20261121
HOOKS = Path(__file__).with_name("schemathesis_hooks.py")
CONFIGURATION = """
[auth.openapi]
token.bearer = "{token}"
key.bearer = "{key}"
client.username = "{client_id}"
client.password = "{client_secret}"

[parameters]
"path.organization" = "acme"
"path.space" = "vod"
"path.environment" = "production"

[[operations]]  # one that may go
include-path = "/v2/spaces/{{space}}"
include-method = "DELETE"
parameters = {{ "path.space" = "radio" }}

[[operations]]  # a poll waits for a change: for no longer than the client waits for an answer
include-path = "/api/client/sessions/{{session}}/changes"
parameters = {{ "query.wait" = 1 }}

[[operations]]  # whoever is not signed in is sent to the sign-in page, whatever the form says
include-tag = "Pages"
checks.negative_data_rejection.expected-statuses = ["303", "400", "403", "404", "413", "415", "422"]

[[operations]]  # bad rows are named in the answer, good ones are taken
include-operation-id-regex = "^put-.*-imports-import-parts-part$"
checks.negative_data_rejection.expected-statuses = ["200", "400", "401", "404", "409", "413", "415", "422"]
"""


@pytest.fixture
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    with demonstration(tmp_path_factory.mktemp("demo")) as running:
        running.send("POST", "/v2/organizations/acme/spaces", {"key": "radio"})
        running.send("POST", USERS, [{"user_id": "ada", "tags": ["sports/football"]}, {"user_id": "casey"}])
        yield running


@pytest.mark.slow
def test_it_finds_nothing(demo: Demonstration, tmp_path: Path) -> None:
    require(importlib.util.find_spec("schemathesis") is not None, "schemathesis", "pip install schemathesis")
    configuration = tmp_path / "schemathesis.toml"
    configuration.write_text(
        CONFIGURATION.format(
            token=demo.variables["MTRIBES_SIGN_IN"],
            key=demo.variables["MTRIBES_KEY"],
            client_id=demo.variables["MTRIBES_CLIENT_ID"],
            client_secret=demo.variables["MTRIBES_CLIENT_SECRET"],
        )
    )
    told = run(configuration, demo.server.url, tmp_path)
    configuration.unlink()  # secrets are looked for in what tests leave
    assert told.returncode == 0, told.stdout + told.stderr
    generated = re.search(r"(\d+) generated", told.stdout)
    assert generated, told.stdout
    assert int(generated[1]) >= LEAST_CASES
    assert FINDINGS.take() == []


def run(configuration: Path, url: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A run over the whole description."""
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(configuration)]
    command += ["run", f"{url}/openapi.json"]
    options = ["--checks", "all", "--exclude-checks", "positive_data_acceptance", "--phases", PHASES]
    options += ["--max-examples", str(EXAMPLES), "--seed", str(SEED), "--continue-on-failure", "--warnings", "off"]
    environment = {**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", "SCHEMATHESIS_HOOKS": str(HOOKS)}
    return subprocess.run(
        [*command, *options], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=3600
    )
