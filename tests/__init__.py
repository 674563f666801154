"""The tests of both programs; `tests.requirements` says what a test needs from the machine."""
