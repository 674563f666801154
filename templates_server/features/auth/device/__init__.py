"""The device flow (RFC 8628) for programs that no browser can redirect to: a person enters the code it shows.

The person must sign in before entering a code. Ten wrong codes within 15 minutes, the lifetime of a code, lock the
page for that account until the 15 minutes end; valid codes in between do not reset the count.
"""
