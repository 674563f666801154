package mtspace.runtime;

/** How a session is at one time. */
public final class SessionState {
  static final SessionState IDLE = new SessionState(SessionStatus.IDLE, null, null);

  /** What is told to those who were refused. */
  static final SessionState IN_USE =
      new SessionState(SessionStatus.FALLBACK, SessionFailure.IN_USE, null);

  private final SessionStatus status;
  private final SessionFailure failure;
  private final String revision;

  SessionState(SessionStatus status, SessionFailure failure, String revision) {
    this.status = status;
    this.failure = failure;
    this.revision = revision;
  }

  /** Returns the status. */
  public SessionStatus status() {
    return status;
  }

  /** Returns what is wrong; null while nothing is. */
  public SessionFailure failure() {
    return failure;
  }

  /** Returns which revision of the states is served; null while none is. */
  public String revision() {
    return revision;
  }

  @Override
  public boolean equals(Object other) {
    if (!(other instanceof SessionState)) return false;
    SessionState state = (SessionState) other;
    return status == state.status
        && failure == state.failure
        && (revision == null ? state.revision == null : revision.equals(state.revision));
  }

  @Override
  public int hashCode() {
    return 31 * status.hashCode() + (revision == null ? 0 : revision.hashCode());
  }
}
