"""What type checkers and running programs are warned of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import deprecated
else:
    import functools
    import warnings

    def deprecated(message):
        """Warn whoever calls the function."""

        def decorate(function):
            @functools.wraps(function)
            def call(*positional, **named):
                warnings.warn(message, DeprecationWarning, stacklevel=2)
                return function(*positional, **named)

            return call

        return decorate


__all__ = ["deprecated"]
