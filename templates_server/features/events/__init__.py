"""What people do in apps, as apps tell of it."""
