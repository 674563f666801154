package mtspace.runtime;

/** A call that is to come. */
interface Timer {
  void cancel();
}
