"""httpx without its own command line.

Where Rich and Pygments are installed, httpx imports both for a program of its own that nobody runs here: half of the
time that it takes to be imported. It does without where that program cannot be imported.
"""

import sys

_COMMAND_LINE = "httpx._main"
sys.modules.setdefault(_COMMAND_LINE, None)  # type: ignore[arg-type] # which makes importing it an ImportError
import httpx  # noqa: E402 - what is above is for it

if sys.modules[_COMMAND_LINE] is None:
    del sys.modules[_COMMAND_LINE]

__all__ = ["httpx"]
