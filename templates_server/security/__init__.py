"""Security: permissions, passwords, secrets, signatures, and limits on failed sign-ins."""
