"""Generated code: fetching, planning, writing, and recovery after an interrupted write."""
