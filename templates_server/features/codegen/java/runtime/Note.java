package mtspace.runtime;

/** Takes note of what cannot be used: where it stands, and what it is. */
interface Note {
  void unusable(String place, Object value);
}
