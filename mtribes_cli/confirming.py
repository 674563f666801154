"""What is in the way of a deed: nobody who says yes to it, or credentials that are no sign-in of a person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mtribes_cli.errors import InterruptedCommandError, NotAllowedError
from mtribes_cli.token_source import from_environment

if TYPE_CHECKING:
    from mtribes_cli.context import Context


def require_yes(context: Context, question: str, *, is_confirmed: bool) -> None:
    """Go on if `--yes` was given or the person at the terminal says so; with nobody there it is a usage error."""
    if not is_confirmed and not context.console.confirm(question, flag="--yes", default=False):
        raise InterruptedCommandError("You said no: nothing was changed.", "Give --yes, or answer yes.")


def require_key(context: Context, kind: str, key: str, *, warning: str, is_confirmed: bool) -> None:
    """Go on if `--yes` was given or the person at the terminal types the key of what is to be deleted."""
    if is_confirmed:
        return
    context.console.instruction(warning)
    typed = context.console.ask(f"Type the key of the {kind} to delete it ({key})", flag="--yes")
    if typed != key:
        raise InterruptedCommandError(f"{typed!r} is not {key}: nothing was deleted.", "Type the whole key.")


@contextmanager
def takes_a_sign_in(context: Context) -> Iterator[None]:
    """Where the server wants a person who has signed in, say which variable is in the way of that."""
    try:
        yield
    except NotAllowedError as error:
        stronger = from_environment(context)
        if stronger is None:
            raise
        advice = f"Sign in with `mtribes login`, and do it without {stronger} in the environment."
        raise NotAllowedError(error.what, advice) from None
