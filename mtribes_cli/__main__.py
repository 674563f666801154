"""`python -m mtribes_cli`, the same as `mtribes`."""

from mtribes_cli.main import run

run()
