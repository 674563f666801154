package mtspace.runtime;

/** An experience that is a child of a collection. */
public abstract class Experience<P extends ExperienceProperties> {
  private final EntityCore core;
  private final ExperienceType<P> type;
  private final Layers<ExperienceState<P>> layers;

  /** For generated code. */
  protected Experience(EntityCore core, ExperienceType<P> type) {
    this.core = core;
    this.type = type;
    this.layers = core.experience(type);
  }

  /** Returns the key of its type. */
  public final String kind() {
    return type.kind;
  }

  /** Returns whether it is to be shown. */
  public final boolean enabled() {
    return state().enabled();
  }

  /** Returns what is served, the defaults filled in. */
  public final P properties() {
    return state().properties();
  }

  /** Returns what the model says when nothing is served. */
  public final P defaults() {
    return type.defaults;
  }

  /** Returns all that is served: the same object until any of it changes. */
  public final ExperienceState<P> state() {
    return layers.read();
  }

  /** Returns what this code holds itself, for when nothing is served. */
  public final ExperienceState<P> fallback() {
    return layers.fallback();
  }

  /** Returns what is shown first: the state of the bootstrap, else the fallback. */
  public final ExperienceState<P> initial() {
    return layers.initial();
  }

  /** Calls the listener after the state has changed, until the subscription is closed. */
  public final Subscription onChange(Runnable listener) {
    return layers.onChange(listener);
  }

  // begin: any event
  /**
   * Records an event of this experience.
   *
   * @param name category and action, such as {@code movie/watched}
   * @param pairs up to three
   */
  public final void track(String name, Pair... pairs) {
    core.track(new Event(name, pairs), null);
  }

  // end: any event
  /** Records an event of the model of this experience. */
  public final void track(Event event) {
    core.track(event, null);
  }
}
