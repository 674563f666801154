"""Paths of the Platform API that routes of several features begin with.

Each names what `locate` finds for the request: an organization, a Space or an environment, by key, ID or name.
"""

from __future__ import annotations

ORGANIZATION = "/v2/organizations/{organization}"
"""An organization; `{organization}` is its key or ID."""

SPACE = "/v2/spaces/{space}"
"""A Space; `{space}` is its key or ID."""

ENVIRONMENT = f"{SPACE}/environments/{{environment}}"
"""An environment of a Space, by name."""

TRIBE_HERE = f"{ENVIRONMENT}/tribes/{{tribe}}"
"""A tribe among the people of an environment."""
