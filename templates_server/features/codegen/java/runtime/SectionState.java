package mtspace.runtime;

import java.util.List;

/** What a section shows at one time. */
public final class SectionState<I> {
  private final boolean enabled;
  private final List<I> items;

  SectionState(boolean enabled, List<I> items) {
    this.enabled = enabled;
    this.items = items;
  }

  /** Returns whether it is to be shown. */
  public boolean enabled() {
    return enabled;
  }

  /** Returns the items in their order. */
  public List<I> items() {
    return items;
  }

  @Override
  public boolean equals(Object other) {
    if (!(other instanceof SectionState)) return false;
    SectionState<?> state = (SectionState<?>) other;
    return enabled == state.enabled && items.equals(state.items);
  }

  @Override
  public int hashCode() {
    return items.hashCode() + (enabled ? 1 : 0);
  }
}
