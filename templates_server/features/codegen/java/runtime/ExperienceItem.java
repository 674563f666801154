package mtspace.runtime;

/** An experience in the list of a section. */
public abstract class ExperienceItem<P extends ExperienceProperties> {
  private final ItemCore core;

  /** For generated code. */
  protected ExperienceItem(ItemCore core) {
    this.core = core;
  }

  /** Returns the key of its type. */
  public final String kind() {
    return core.type.kind;
  }

  /** Returns what tells it from the other items of the section. */
  public final String id() {
    return core.id;
  }

  /** Returns whether it is to be shown. */
  public final boolean enabled() {
    return core.enabled;
  }

  /** Returns what is served, the defaults filled in. */
  @SuppressWarnings("unchecked")
  public final P properties() {
    return (P) core.properties;
  }

  /** Returns what the model says when nothing is served. */
  @SuppressWarnings("unchecked")
  public final P defaults() {
    return (P) core.type.defaults;
  }

  // begin: any event
  /**
   * Records an event of this item.
   *
   * @param name category and action, such as {@code movie/watched}
   * @param pairs up to three
   */
  public final void track(String name, Pair... pairs) {
    core.track(new Event(name, pairs));
  }

  // end: any event
  /** Records an event of the model of this item. */
  public final void track(Event event) {
    core.track(event);
  }

  @Override
  public final boolean equals(Object other) {
    return other instanceof ExperienceItem && core.equals(((ExperienceItem<?>) other).core);
  }

  @Override
  public final int hashCode() {
    return core.hashCode();
  }
}
