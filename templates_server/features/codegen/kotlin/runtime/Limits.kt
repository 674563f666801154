package mtribes.runtime

// The numbers that the runtime goes by.

internal const val MOST_UNKNOWN = 20
internal const val LONGEST_UNKNOWN = 200
internal const val REPORT = "unknown"

internal const val LONGEST_TIMER_MSEC = 2_000_000_000L

internal const val MOST_SPACES_REMEMBERED = 100

internal const val DEEPEST_JSON = 256

internal const val LONGEST_NAME = 256
internal const val LONGEST_KEY = 64
internal const val LONGEST_METADATA_VALUE = 1024
internal const val LONGEST_FIELD_VALUE = 4096
internal const val MOST_FIELDS = 100
internal const val MOST_PAIRS = 3

internal const val IDENTITY = "identity"
internal const val EVENT_PLACES = 64

internal const val SHORTEST_PAUSE_MSEC = 1000L
internal const val LONGEST_PAUSE_MSEC = 60_000L

/** After an answer such as 404 or 500, which may last: the network's return does not end it. */
internal const val LONGEST_PAUSE_AFTER_AN_ANSWER_MSEC = 300_000L
internal const val LONGEST_RETRY_AFTER_MSEC = 3_600_000L

/** A record that has more is not written again for every further event. */
internal const val MOST_CHARACTERS_AGAIN = 16_000

internal const val MOST_EVENTS_QUEUED = 1000
internal const val MOST_EVENTS_AT_ONCE = 100
internal const val MOST_BYTES_AT_ONCE = 500_000
internal const val MOST_EVENT_BYTES = 32_768
internal const val COLLECTING_MSEC = 1000L

/** As many as it takes to find one bad event among the most that are sent at once, and more. */
internal const val MOST_REFUSALS_AT_ONCE = 10

/** How much is sent at once by an app that goes to the background, which may be ended soon. */
internal const val LEAVING_BYTES = 60_000
internal const val TOO_LARGE = 413

internal const val TIMEOUT_MSEC = 30_000L

internal const val MOST_LOGGED_ONCE = 200

internal const val CHANGES_WAIT_SECONDS = 25
internal const val CHANGES_TIMEOUT_MSEC = 40_000L

/** Two answers never follow each other faster than that. */
internal const val SHORTEST_REST_MSEC = 1000L

/** Who says sooner that nothing is new was to wait and did not, and is asked ever more rarely. */
internal const val EARLY_MSEC = 10_000L
internal const val LONGEST_REST_MSEC = 25_000L

/** The answer of a server that does not know the session, any more or yet. */
internal const val UNKNOWN_SESSION = 404

/** A server that does not know the session that it has just begun is asked less often. */
internal const val FAILURES_OF_A_NEW_SESSION = 5

/** How long a thread that has nothing to do waits for more. */
internal const val IDLE_THREAD_MSEC = 5000L
