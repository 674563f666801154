"""The project of the command line's tests."""

from tests.cli.conftest import code_peer, generated, mtribes, project

__all__ = ["code_peer", "generated", "mtribes", "project"]
