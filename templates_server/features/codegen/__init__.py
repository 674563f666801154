"""Code generation: from the model of a Space to `{path: text}`. Pure: no clock, no locale, no user files."""
