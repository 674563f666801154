package mtspace.runtime;

/** How a session is. */
public enum SessionStatus {
  /** Not started. */
  IDLE("idle"),
  /** The server was asked, and its answer is still waited for. */
  STARTING("starting"),
  /** The server's answer is there. */
  SERVED("served"),
  /**
   * Fallbacks are served, or what the same person was served before. {@code failure()} says why;
   * the start is tried again, and an answer makes it {@code SERVED}.
   */
  FALLBACK("fallback");

  private final String text;

  SessionStatus(String text) {
    this.text = text;
  }

  /** Returns the name as all languages write it. */
  public String text() {
    return text;
  }
}
