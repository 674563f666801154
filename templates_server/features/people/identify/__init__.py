"""Who people are and what is known of them, as apps tell: `identify` and `alias`."""
