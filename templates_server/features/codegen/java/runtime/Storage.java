package mtspace.runtime;

/**
 * Where an app keeps texts between runs: files, preferences, a database.
 *
 * <p>It is used on a thread of the background, one call at a time. It may fail, be full, or take
 * its time; after half a second a session goes on without it.
 */
public interface Storage {
  /** Returns the text under the key, or null. */
  String get(String key) throws Exception;

  /** Keeps the text under the key. */
  void set(String key, String text) throws Exception;

  /** Removes the key and its text. */
  void remove(String key) throws Exception;
}
