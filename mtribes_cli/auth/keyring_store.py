"""The system's keyring, if there is a working one. What is stored in it is up to `credential_store`."""

import subprocess
import sys

from mtribes_cli.errors import NotSignedInError

SERVICE = "mtribes"
PROBE_TIMEOUT_SECONDS = 3.0


def works() -> bool:
    """Return whether the keyring works, tested by a process that is killed after three seconds."""
    # -P: no module from the working folder is imported.
    command = [sys.executable, "-P", "-m", "mtribes_cli.auth.keyring_probe"]
    try:
        probe = subprocess.run(  # noqa: S603 - our own module, by the interpreter that runs this
            command,
            timeout=PROBE_TIMEOUT_SECONDS,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return probe.returncode == 0


def read(host: str) -> str | None:
    """Return the secret of `host`. Raises NotSignedInError if the keyring does not respond."""
    import keyring  # noqa: PLC0415 - start-up time

    try:
        return keyring.get_password(SERVICE, host)
    except Exception as error:
        raise _unavailable(error) from error


def write(host: str, secret: str) -> None:
    """Store `secret` for `host`. Raises NotSignedInError if the keyring rejects it."""
    import keyring  # noqa: PLC0415 - start-up time

    try:
        keyring.set_password(SERVICE, host, secret)
    except Exception as error:
        raise _unavailable(error) from error


def delete(host: str) -> None:
    """Delete the secret of `host`, if there is one. Raises NotSignedInError if the keyring does not respond."""
    import keyring  # noqa: PLC0415 - start-up time
    import keyring.errors  # noqa: PLC0415 - start-up time

    try:
        keyring.delete_password(SERVICE, host)
    except keyring.errors.PasswordDeleteError:
        return
    except Exception as error:
        raise _unavailable(error) from error


def _unavailable(error: Exception) -> NotSignedInError:
    """Return the error of a backend: by its kind, since its text may contain anything."""
    return NotSignedInError(
        f"The keyring with your credentials is not available ({type(error).__name__}).",
        "Unlock the keyring, or set MTRIBES_TOKEN.",
    )
