"""Sessions: what one person is shown in one run of an app."""
