"""The driver of BrightScript: an app in the interpreter, on a platform that Node plays."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from tests.conformance.language import DRIVERS, Language
from tests.requirements import require_node, require_npm_package


def _make_driver(folder: Path) -> Sequence[str]:
    """The code in the folder as a part of an app, and the program that drives it."""
    components = folder.parent / f"{folder.name}-app" / "components"
    shutil.copytree(folder, components / "vod", dirs_exist_ok=True)
    shutil.copytree(DRIVERS / "brightscript", components / "driver", dirs_exist_ok=True)
    interpreter = require_npm_package("@rokucommunity/brs")
    return [require_node(), str(DRIVERS / "brightscript.mjs"), str(interpreter), str(components.parent)]


BRIGHTSCRIPT = Language("brightscript", "BrightScript", "roku", "Vod_Runtime.brs", _make_driver)
