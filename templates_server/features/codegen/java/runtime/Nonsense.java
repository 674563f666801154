package mtspace.runtime;

/** Thrown and caught in here, for a value that cannot be used. */
final class Nonsense extends RuntimeException {
  private static final long serialVersionUID = 1L;

  Nonsense(String message) {
    super(message);
  }

  /** Throws unless the condition holds. The message is for what an app gives. */
  static void ensure(boolean holds, String message) {
    if (!holds) throw new Nonsense(message);
  }
}
