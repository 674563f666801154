package mtspace.runtime;

/** Why fallbacks are served; while a session is served: why changes do not come through. */
public enum SessionFailure {
  /** There is no key. */
  MISSING_KEY("missing-key"),
  /** The server did not answer in time. */
  TIMEOUT("timeout"),
  /** The server cannot be reached. */
  NETWORK("network"),
  /** The server refused, or the start was given what cannot be used. */
  REFUSED("refused"),
  /** The server failed. */
  SERVER("server"),
  /** The answer cannot be used. */
  NONSENSE("nonsense"),
  /** On a server: the session of another person has not ended. */
  IN_USE("in-use");

  private final String text;

  SessionFailure(String text) {
    this.text = text;
  }

  /** Returns the name as all languages write it. */
  public String text() {
    return text;
  }

  static SessionFailure of(Reply reply) {
    if (reply.status == 0) return NETWORK;
    if (reply.status >= 500) return SERVER;
    return reply.status >= 400 ? REFUSED : NONSENSE;
  }
}
