/* What this file goes by: kept at its beginning, from where minifiers write each where it is used. */

/**
 * Whether this code is to run wherever JavaScript does, on servers too, or in
 * pages of browsers alone: the target's option `platform`. Where it is false,
 * minifiers leave out all that no page needs.
 */
const EVERYWHERE: boolean = true;

const MOST_UNKNOWN = 20;
const LONGEST_UNKNOWN = 200;
const REPORT = "unknown";

const LONGEST_TIMER_MSEC = 2_000_000_000;

const MOST_SPACES_REMEMBERED = 100;

const LONGEST_NAME = 256;
const LONGEST_KEY = 64;
const LONGEST_METADATA_VALUE = 1024;
const LONGEST_FIELD_VALUE = 4096;
const MOST_FIELDS = 100;

const STORAGE_TIMEOUT_MSEC = 500;
const IDENTITY = "identity";
const EVENT_PLACES = 64;

/** Two attempts, and two answers, never follow each other faster than that. */
const SHORTEST_PAUSE_MSEC = 1000;
const LONGEST_PAUSE_MSEC = 60_000;
/** After an answer such as 404 or 500, which may last: the network's return does not end it. */
const LONGEST_PAUSE_AFTER_AN_ANSWER_MSEC = 300_000;
const LONGEST_RETRY_AFTER_MSEC = 3_600_000;

/** A record that has more is not written again for every further event. */
const MOST_CHARACTERS_AGAIN = 16_000;

const MOST_EVENTS_QUEUED = 1000;
const MOST_EVENTS_AT_ONCE = 100;
const MOST_BYTES_AT_ONCE = 500_000;
const MOST_EVENT_BYTES = 32_768;
const COLLECTING_MSEC = 1000;
const EVENTS_ALONE_MSEC = 5000;
/** As many as it takes to find one bad event among the most that are sent at once, and more. */
const MOST_REFUSALS_AT_ONCE = 10;
/** Browsers refuse more than 64 KiB under way with keepalive. */
const KEEPALIVE_BYTES = 60_000;
const TOO_LARGE = 413;

const TIMEOUT_MSEC = 30_000;
const ALONE_MSEC = 1000;

const MOST_LOGGED_ONCE = 200;

const CHANGES_WAIT_SECONDS = 25;
const CHANGES_TIMEOUT_MSEC = 40_000;
/** Who says sooner that nothing is new was to wait and did not, and is asked ever more rarely. */
const EARLY_MSEC = 10_000;
const LONGEST_REST_MSEC = 25_000;
/** For how long a tab waits for its turn before it asks without one: where it wants to know at once, and otherwise. */
const EAGER_MSEC = 100;
const PATIENT_MSEC = 60_000;
/** The answer of a server that does not know the session, any more or yet. */
const UNKNOWN = 404;
/** A server that does not know the session that it has just begun is asked less often. */
const FAILURES_OF_A_NEW_SESSION = 5;
