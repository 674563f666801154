"""Code generation: the model of a Space in, `{path: text}` out. Pure: no clock, no locale, no files of a user."""
