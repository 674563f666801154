package mtspace.runtime;

import java.util.Arrays;
import java.util.Collections;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** For generated code: the values of an experience's properties, in the order of their rules. */
public final class PropertyValues {
  private final List<PropertyRule> rules;
  private final Object[] values;

  private PropertyValues(List<PropertyRule> rules, Object[] values) {
    this.rules = rules;
    this.values = values;
  }

  static PropertyValues initial(List<PropertyRule> rules) {
    Object[] values = new Object[rules.size()];
    for (int at = 0; at < values.length; at += 1) values[at] = rules.get(at).initial;
    return new PropertyValues(rules, values);
  }

  /** The default for what is not given, and for what cannot be used. */
  static PropertyValues read(List<PropertyRule> rules, Object wire, String place, Note note) {
    PropertyValues read = initial(rules);
    Map<String, Object> given = null;
    try {
      given = Json.asObject(wire);
    } catch (Nonsense cause) {
      note.unusable(place + ".properties", wire);
    }
    for (int at = 0; given != null && at < read.values.length; at += 1) {
      PropertyRule rule = rules.get(at);
      Object value = Json.member(given, rule.key);
      if (value == null) continue;
      try {
        read.values[at] = rule.read(value);
      } catch (Nonsense cause) {
        note.unusable(place + "." + rule.key, value);
      }
    }
    return read;
  }

  Object at(int place) {
    return values[place];
  }

  Map<String, Object> byKey() {
    Map<String, Object> all = new LinkedHashMap<>();
    for (int at = 0; at < values.length; at += 1) {
      Object value = values[at];
      all.put(rules.get(at).key, value instanceof Date ? ((Date) value).clone() : value);
    }
    return Collections.unmodifiableMap(all);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PropertyValues
        && Arrays.equals(values, ((PropertyValues) other).values);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(values);
  }
}
