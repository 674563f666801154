package mtspace.runtime;

/** One of the options of a select: of a property, of an event's metadata, or of a field. */
public interface Option {
  /** As the model has it; "" where none is selected. */
  String text();
}
