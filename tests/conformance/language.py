"""A language that the cases are run in, and the code of the reference Space from which its driver is made."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from templates_server.features.codegen.code_hash import code_hash
from templates_server.features.codegen.renderer import render
from tests.server.features.codegen.reference_space import HOST, tracked_vod
from tests.server.features.codegen.toolchain import write_tree

DRIVERS = Path(__file__).parent / "drivers"
CODE_HASH = code_hash(tracked_vod())
"""That of the code with which every driver is made."""


@dataclass(frozen=True)
class Language:
    """One that the cases are run in.

    `title` is what people call it, `page_platform` the platform of its pages, as sessions tell it, and `runtime` the
    generated file of which most mutants are. `make_driver` builds the driver beside the code in a folder, and gives the
    command that starts it. Where a variable is named as `switch`, the cases are run only if it is set.
    """

    name: str
    title: str
    page_platform: str
    runtime: str
    make_driver: Callable[[Path], Sequence[str]]
    switch: str = ""

    def platform(self, place: str) -> str:
        """The platform of a `place` of the cases."""
        return self.page_platform if place == "page" else "server"

    def render(self, folder: Path) -> Path:
        """The code of the reference Space, with events and fields, in a folder."""
        return write_tree(folder, render(tracked_vod(), self.name, {"host": HOST}))

    @property
    def is_switched_on(self) -> bool:
        """Whether its driver can be built here, as far as a variable decides that."""
        return not self.switch or bool(os.environ.get(self.switch))

    def build(self, folder: Path) -> Sequence[str]:
        """The driver of that code; the command that starts it."""
        return self.make_driver(self.render(folder))
