"""Run as a program: test whether the keyring works. Exit 0 if so; it may be killed when it hangs."""

import secrets
import sys

SERVICE = "mtribes probe"


def main() -> int:
    """Write a value, read it back, delete it."""
    import keyring  # noqa: PLC0415 - may hang on a broken desktop session, which is what is being found out

    user, password = secrets.token_hex(8), secrets.token_hex(16)
    keyring.set_password(SERVICE, user, password)
    kept = keyring.get_password(SERVICE, user)
    if kept != password:
        return 1
    keyring.delete_password(SERVICE, user)
    return 0


if __name__ == "__main__":
    sys.exit(main())
