package mtspace.runtime;

/** Called when a start has come to a status. */
public interface StartCallback {
  /** Takes the status: served, or fallback. */
  void onStarted(SessionStatus status);
}
