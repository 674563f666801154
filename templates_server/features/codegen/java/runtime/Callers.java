package mtspace.runtime;

/**
 * Who called {@code session.start} on a server: a thread, for as long as it starts nothing else.
 */
final class Callers {
  /** One start. */
  static final class Caller {
    /** It was refused, or cut by another's: nothing of anybody else may be shown to them. */
    volatile boolean isRefused;
  }

  private final ThreadLocal<Caller> here = new ThreadLocal<>();

  Caller enter() {
    Caller caller = new Caller();
    here.set(caller);
    return caller;
  }

  boolean isRefusedHere() {
    Caller caller = here.get();
    return caller != null && caller.isRefused;
  }
}
