"""OpenFeature's remote evaluation protocol (OFREP 0.3): a person's states as flags. Nothing is stored."""
