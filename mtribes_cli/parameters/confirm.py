"""Confirmations of commands, and advice if credentials are not those of a person who has signed in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mtribes_cli.auth.token_provider import from_environment
from mtribes_cli.errors import InterruptedCommandError, NotAllowedError

if TYPE_CHECKING:
    from mtribes_cli.context import Context


def require_yes(context: Context, question: str, *, is_confirmed: bool) -> None:
    """Continue if `--yes` was given or the person at the terminal agrees; without a terminal, a usage error."""
    if not is_confirmed and not context.console.confirm(question, flag="--yes", default=False):
        raise InterruptedCommandError("Canceled. Nothing was changed.", "Answer yes, or pass --yes.")


def require_key(context: Context, kind: str, key: str, *, warning: str, is_confirmed: bool) -> None:
    """Continue if `--yes` was given or the person at the terminal types the key of what is to be deleted."""
    if is_confirmed:
        return
    context.console.instruction(warning)
    typed = context.console.ask(f"Type the key of the {kind} to delete it ({key})", flag="--yes")
    if typed != key:
        raise InterruptedCommandError(f"{typed!r} is not {key}. Nothing was deleted.", "Type the full key.")


@contextmanager
def explain_login_required(context: Context) -> Iterator[None]:
    """If the server requires a person who has signed in, say which variable prevents that."""
    try:
        yield
    except NotAllowedError as error:
        stronger = from_environment(context)
        if stronger is None:
            raise
        advice = f"Sign in with `mtribes login`, and run the command without {stronger} in the environment."
        raise NotAllowedError(error.what, advice) from None
