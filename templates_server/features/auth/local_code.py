"""The one-time code to sign in to a local server without a browser, for those who can read its data folder."""

from __future__ import annotations

import hmac
import os
import tempfile
import threading
from pathlib import Path

from templates_server.primitives.ids import random_text

FILE_NAME = "local-code"
CODE_LENGTH = 43


class LocalCode:
    """The code of a data folder; the file has mode 0600 and is replaced atomically."""

    def __init__(self, data_folder: Path) -> None:
        self._path = data_folder / FILE_NAME
        self._using = threading.Lock()
        self._code = ""
        self._renew()

    def use(self, code: str) -> bool:
        """Return whether the code is valid, and replace it if so."""
        with self._using:
            is_right = hmac.compare_digest(code.encode(), self._code.encode())
            if is_right:
                self._renew()
            return is_right

    def _renew(self) -> None:
        code = random_text(CODE_LENGTH)
        descriptor, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=".local-code-")
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(code)
        Path(temporary).replace(self._path)
        self._code = code


def remove(data_folder: Path) -> None:
    """Delete the code of a data folder, as a server that is not local does not accept it."""
    (data_folder / FILE_NAME).unlink(missing_ok=True)
