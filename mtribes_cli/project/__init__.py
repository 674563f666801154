"""The files of a project: `mtribes.toml`, `mtribes.lock`, and the paths that they name."""
