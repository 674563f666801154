package mtspace.runtime;

import java.util.List;

/** A personalised list of experiences. */
public abstract class Section<I> {
  private final Layers<SectionState<I>> layers;

  /** For generated code. */
  protected Section(EntityCore core, ItemMaker<I> maker) {
    this.layers = core.section(maker);
  }

  /** Returns whether it is to be shown. */
  public final boolean enabled() {
    return state().enabled();
  }

  /** Returns the items in their order. */
  public final List<I> items() {
    return state().items();
  }

  /** Returns all that is served: the same object until any of it changes. */
  public final SectionState<I> state() {
    return layers.read();
  }

  /** Returns what this code holds itself, for when nothing is served. */
  public final SectionState<I> fallback() {
    return layers.fallback();
  }

  /** Returns what is shown first: the state of the bootstrap, else the fallback. */
  public final SectionState<I> initial() {
    return layers.initial();
  }

  /** Calls the listener after the state has changed, until the subscription is closed. */
  public final Subscription onChange(Runnable listener) {
    return layers.onChange(listener);
  }
}
