package mtspace.runtime;

import java.util.HashSet;
import java.util.Set;

/** Tells the developer, by the app's logger where it has one. */
final class Log {
  private final Loop loop;
  private final ClientSettings settings;
  private final Set<String> logged = new HashSet<>();

  Log(Loop loop, ClientSettings settings) {
    this.loop = loop;
    this.settings = settings;
  }

  /**
   * Logs the message; what was thrown, if anything was. Of an error of our own the message is
   * enough.
   */
  void log(String message, Throwable cause) {
    boolean isOurs = cause instanceof Nonsense;
    String line = Texts.visible(isOurs ? message + ": " + cause.getMessage() : message);
    loop.run(() -> loop.later(() -> write(line, isOurs ? null : cause)));
  }

  /** Logs the message, unless it was logged before. */
  void once(String message) {
    if (!knows(message)) {
      know(message);
      log(message, null);
    }
  }

  /** Whether it was logged before, or so much was that nothing more is. */
  boolean knows(String message) {
    return logged.contains(message) || logged.size() > Limits.MOST_LOGGED_ONCE;
  }

  void know(String message) {
    logged.add(message);
  }

  /** Whether the call came to its end; where not, a log line says what failed, and why. */
  boolean attempt(String what, Runnable call) {
    try {
      call.run();
      return true;
    } catch (RuntimeException cause) {
      log(what, cause);
      return false;
    }
  }

  private void write(String line, Throwable cause) {
    Logger logger = settings.logger;
    if (logger == null) {
      Loop.report(line, cause);
      return;
    }
    try {
      logger.log(line, cause);
    } catch (RuntimeException failure) {
      Loop.report(line, cause);
    }
  }
}
