package mtspace.runtime;

/** Goes on with a value. */
interface Then<T> {
  void with(T value);
}
