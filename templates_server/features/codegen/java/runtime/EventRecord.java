package mtspace.runtime;

/** Events of one destination that are kept under one name. */
final class EventRecord {
  final String to;

  /**
   * How much has been written to it: one that has enough is not written again for every further
   * event.
   */
  int size;

  int place;

  /** What was written or found there last: anything else is another Space's. */
  String text;

  EventRecord(String to, int place, String text) {
    this.to = to;
    this.place = place;
    this.text = text;
    this.size = text == null ? 0 : text.length();
  }
}
