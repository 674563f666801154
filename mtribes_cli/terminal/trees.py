"""Trees, such as that of an explained session, drawn by Rich from sanitized text, never from markup."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from mtribes_cli.terminal.result import Branch
from mtribes_cli.terminal.sanitize import sanitize_line
from mtribes_cli.terminal.styles import Role, role_of_word, style_of


def draw_trees(branches: Sequence[Branch], console: Console) -> None:
    """Write trees below each other, folded at the width of the terminal."""
    for branch in branches:
        tree = Tree(_label(branch, style_of(Role.HEADING)), guide_style=style_of(Role.MUTED))
        _add(tree, branch.children)
        console.print(tree)


def _add(tree: Tree, branches: Sequence[Branch]) -> None:
    for branch in branches:
        _add(tree.add(_label(branch)), branch.children)


def _label(branch: Branch, style: str = "") -> Text:
    state = f"{sanitize_line(branch.state)} " if branch.state else ""
    return Text.assemble((state, style_of(role_of_word(state))), (sanitize_line(branch.label), style))
