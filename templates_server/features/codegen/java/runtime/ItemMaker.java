package mtspace.runtime;

/** For generated code: makes the items of a section. */
public interface ItemMaker<I> {
  /** Returns the type of that kind; null for a kind that this code was generated without. */
  ExperienceType<?> type(String kind);

  /** Makes the item. */
  I make(ItemCore core);
}
