"""People as apps tell of them: known users and anonymous visitors, each in one environment."""
