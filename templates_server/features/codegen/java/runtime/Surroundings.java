package mtspace.runtime;

/**
 * The time, chance, threads and network that this runtime takes: in one place, so that a test can
 * set its own.
 */
abstract class Surroundings {
  private static volatile Surroundings present = new JvmSurroundings();

  /** Those of Spaces that are made from now on. */
  static Surroundings present() {
    return present;
  }

  static void replace(Surroundings others) {
    present = others;
  }

  /** Milliseconds since 1970. */
  abstract long now();

  /** From 0 to 1. */
  abstract double random();

  /** Calls once, later; never keeps a program running. */
  abstract Timer after(long milliseconds, Runnable call);

  /** Runs what may take its time: storage, and callbacks where the app has no executor for them. */
  abstract void execute(Runnable work);

  abstract Transport transport();

  /**
   * Whether many people may use this process: there is no screen with one person in front of it.
   */
  abstract boolean isServer();

  /** A Space begins to need threads. */
  abstract void acquire();

  /** A Space needs threads no more. */
  abstract void release();

  /** As sessions tell it. */
  final String platform() {
    return isServer() ? "server" : "android";
  }
}
