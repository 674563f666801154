package mtspace.runtime;

import java.util.Arrays;
import java.util.List;

/** For generated code: a type of experience, and how its states are read. */
public final class ExperienceType<P extends ExperienceProperties> {
  /** Makes the properties of values. */
  public interface Maker<P> {
    P make(PropertyValues values);
  }

  final String kind;
  final P defaults;
  private final List<PropertyRule> rules;
  private final Maker<P> maker;

  public ExperienceType(String kind, Maker<P> maker, PropertyRule... rules) {
    this.kind = kind;
    this.maker = maker;
    this.rules = Arrays.asList(rules);
    this.defaults = maker.make(PropertyValues.initial(this.rules));
  }

  P read(Object wire, String place, Note note) {
    return maker.make(PropertyValues.read(rules, wire, place, note));
  }
}
