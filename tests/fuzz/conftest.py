"""The project of the command line's tests."""

from tests.cli.conftest import code_stub, generated, mtribes, project

__all__ = ["code_stub", "generated", "mtribes", "project"]
