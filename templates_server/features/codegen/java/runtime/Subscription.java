package mtspace.runtime;

/** A listener that is called; closing it ends that. */
public interface Subscription extends AutoCloseable {
  /** Has the listener called no more. */
  @Override
  void close();
}
