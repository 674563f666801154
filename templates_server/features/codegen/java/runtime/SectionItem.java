package mtspace.runtime;

/** An item of a section, whatever its kind. */
public abstract class SectionItem {
  private final ExperienceItem<?> experience;

  /** For generated code. */
  protected SectionItem(ExperienceItem<?> experience) {
    this.experience = experience;
  }

  /** Returns the experience that this item is. */
  public final ExperienceItem<?> experience() {
    return experience;
  }

  /** Returns what tells it from the other items of the section. */
  public final String id() {
    return experience.id();
  }

  /** Returns whether it is to be shown. */
  public final boolean enabled() {
    return experience.enabled();
  }

  @Override
  public final boolean equals(Object other) {
    return other instanceof SectionItem && experience.equals(((SectionItem) other).experience);
  }

  @Override
  public final int hashCode() {
    return experience.hashCode();
  }
}
