package mtspace.runtime;

/** The numbers that this runtime goes by. */
final class Limits {
  static final int MOST_UNKNOWN = 20;
  static final int LONGEST_UNKNOWN = 200;

  static final int MOST_SPACES_REMEMBERED = 100;

  static final int LONGEST_NAME = 256;
  static final int LONGEST_KEY = 64;
  static final int LONGEST_METADATA_VALUE = 1024;
  static final int LONGEST_FIELD_VALUE = 4096;
  static final int MOST_FIELDS = 100;
  static final int MOST_PAIRS = 3;

  static final int STORAGE_TIMEOUT_MSEC = 500;
  static final int EVENT_PLACES = 64;

  static final int SHORTEST_PAUSE_MSEC = 1000;
  static final int LONGEST_PAUSE_MSEC = 60_000;

  /** After an answer such as 404 or 500, which may last: the network's return does not end it. */
  static final int LONGEST_PAUSE_AFTER_AN_ANSWER_MSEC = 300_000;

  static final int LONGEST_RETRY_AFTER_MSEC = 3_600_000;

  /** A record that has more is not written again for every further event. */
  static final int MOST_CHARACTERS_AGAIN = 16_000;

  static final int MOST_EVENTS_QUEUED = 1000;
  static final int MOST_EVENTS_AT_ONCE = 100;
  static final int MOST_BYTES_AT_ONCE = 500_000;
  static final int MOST_EVENT_BYTES = 32_768;
  static final int COLLECTING_MSEC = 1000;

  /** As many as it takes to find one bad event among the most that are sent at once, and more. */
  static final int MOST_REFUSALS_AT_ONCE = 10;

  /** An app that goes to the background may not have time for more at once. */
  static final int LEAVING_BYTES = 60_000;

  static final int TIMEOUT_MSEC = 30_000;

  static final int MOST_LOGGED_ONCE = 200;

  static final int CHANGES_WAIT_SECONDS = 25;
  static final int CHANGES_TIMEOUT_MSEC = 40_000;

  /** Two answers never follow each other faster than that. */
  static final int SHORTEST_REST_MSEC = 1000;

  /** Who says sooner that nothing is new was to wait and did not, and is asked ever more rarely. */
  static final int EARLY_MSEC = 10_000;

  static final int LONGEST_REST_MSEC = 25_000;

  /** A server that does not know the session that it has just begun is asked less often. */
  static final int FAILURES_OF_A_NEW_SESSION = 5;

  static final int MOST_JSON_DEPTH = 200;

  private Limits() {}
}
