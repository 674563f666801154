"""The words of `mtribes-server`: one module each, joined in `program`."""
