"""The checks of `mtribes doctor`: each finds out one thing, and none can end or delay another."""
