package mtspace.runtime;

/** Gets what is otherwise written to {@code System.err}. */
public interface Logger {
  /**
   * Takes what a developer should know.
   *
   * @param message one line
   * @param cause what was thrown, or null
   */
  void log(String message, Throwable cause);
}
