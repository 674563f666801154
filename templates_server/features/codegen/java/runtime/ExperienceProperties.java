package mtspace.runtime;

import java.util.Date;
import java.util.Map;

/** The properties of an experience, as they are served, the defaults filled in. */
public abstract class ExperienceProperties {
  private final PropertyValues values;

  /** For generated code. */
  protected ExperienceProperties(PropertyValues values) {
    this.values = values;
  }

  /** Returns the values by the keys of the model. */
  public final Map<String, Object> asMap() {
    return values.byKey();
  }

  /** For generated code: the value of a rule. */
  @SuppressWarnings("unchecked")
  protected final <T> T valueAt(int place) {
    return (T) values.at(place);
  }

  /** For generated code: the date of a rule, which is the caller's to change. */
  protected final Date dateAt(int place) {
    Date date = (Date) values.at(place);
    return date == null ? null : new Date(date.getTime());
  }

  @Override
  public final boolean equals(Object other) {
    return other instanceof ExperienceProperties
        && values.equals(((ExperienceProperties) other).values);
  }

  @Override
  public final int hashCode() {
    return values.hashCode();
  }

  @Override
  public final String toString() {
    return asMap().toString();
  }
}
