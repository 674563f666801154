"""The numbers that the runtime goes by, in one place."""

from typing import Final

MOST_UNKNOWN: Final = 20
LONGEST_UNKNOWN: Final = 200
REPORT: Final = "unknown"

LONGEST_NAME: Final = 256
LONGEST_KEY: Final = 64
LONGEST_METADATA_VALUE: Final = 1024
LONGEST_FIELD_VALUE: Final = 4096
MOST_FIELDS: Final = 100
MOST_PAIRS: Final = 3

IDENTITY: Final = "identity"

WAIT_TIME_MSEC: Final = 1200
SHORTEST_PAUSE_MSEC: Final = 1000
LONGEST_PAUSE_MSEC: Final = 60_000
LONGEST_PAUSE_AFTER_AN_ANSWER_MSEC: Final = 300_000
"""After an answer such as 404 or 500, which may last."""
LONGEST_RETRY_AFTER_MSEC: Final = 3_600_000

MOST_EVENTS_QUEUED: Final = 1000
MOST_EVENTS_AT_ONCE: Final = 100
MOST_BYTES_AT_ONCE: Final = 500_000
MOST_EVENT_BYTES: Final = 32_768
COLLECTING_MSEC: Final = 1000
MOST_REFUSALS_AT_ONCE: Final = 10
"""As many as it takes to find one bad event among the most that are sent at once."""
AT_EXIT_SECONDS: Final = 5
"""For how long a program that ends waits until its events are sent."""

TIMEOUT_MSEC: Final = 30_000
JOIN_SECONDS: Final = 5
LONGEST_TIMER_MSEC: Final = 2_000_000_000

MOST_LOGGED_ONCE: Final = 200
MOST_SPACES_REMEMBERED: Final = 100
