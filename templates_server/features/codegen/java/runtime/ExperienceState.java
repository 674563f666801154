package mtspace.runtime;

/** What an experience shows at one time. */
public final class ExperienceState<P> {
  private final boolean enabled;
  private final P properties;

  ExperienceState(boolean enabled, P properties) {
    this.enabled = enabled;
    this.properties = properties;
  }

  /** Returns whether it is to be shown. */
  public boolean enabled() {
    return enabled;
  }

  /** Returns what is served, the defaults filled in. */
  public P properties() {
    return properties;
  }

  @Override
  public boolean equals(Object other) {
    if (!(other instanceof ExperienceState)) return false;
    ExperienceState<?> state = (ExperienceState<?>) other;
    return enabled == state.enabled && properties.equals(state.properties);
  }

  @Override
  public int hashCode() {
    return properties.hashCode() + (enabled ? 1 : 0);
  }
}
