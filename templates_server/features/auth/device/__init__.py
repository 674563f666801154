"""Signing in a program that no browser can be sent back to (RFC 8628): it shows a code, which a person enters here.

The person is signed in before a code can be entered. Ten wrong codes within a quarter of an hour, the life of a code,
lock the page for that account until the quarter of an hour is over; right ones in between change nothing about that.
"""
