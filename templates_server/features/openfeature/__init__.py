"""OpenFeature's remote evaluation protocol (OFREP 0.3): what a person is shown, as flags. Nothing is stored."""
