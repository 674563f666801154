package mtspace.runtime;

/** One piece of an event's metadata. */
public final class Pair {
  private final String key;
  private final String value;

  /**
   * Makes a pair.
   *
   * @param key 1 to 64 characters
   * @param value at most 1024 characters; null: the pair is left out
   */
  public Pair(String key, String value) {
    this.key = key;
    this.value = value;
  }

  /** Returns the key. */
  public String key() {
    return key;
  }

  /** Returns the value. */
  public String value() {
    return value;
  }
}
