package mtspace.runtime;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** An event that an app tracks. */
public class Event {
  /** Category and action; the prefixes are reserved. */
  private static final Pattern NAME =
      Pattern.compile("(?!(?:mtribes|___UI|sdk)/)[^/\\p{Cc}]+/[^/\\p{Cc}]+");

  private final String name;
  private final List<? extends Map.Entry<String, Object>> metadata;

  /** For generated code: an event of the model, its metadata by key. */
  protected Event(String name, Map<String, Object> metadata) {
    this.name = name;
    this.metadata = new ArrayList<>(new TreeMap<>(metadata).entrySet());
  }

  Event(String name, Pair... pairs) {
    this.name = name;
    List<Map.Entry<String, Object>> given = new ArrayList<>();
    for (Pair pair : pairs == null ? Collections.<Pair>emptyList() : Arrays.asList(pairs)) {
      if (pair != null) {
        given.add(new java.util.AbstractMap.SimpleEntry<>(pair.key(), pair.value()));
      }
    }
    this.metadata = given;
  }

  /** Returns category and action, such as {@code video/completed}. */
  public final String name() {
    return name;
  }

  /** The name as it is sent; Nonsense for what is none. */
  final String checkName() {
    Nonsense.ensure(name != null, "not a text");
    Texts.ensureLength(name, Limits.LONGEST_NAME);
    Nonsense.ensure(NAME.matcher(name).matches(), "not category/action, or reserved");
    return Texts.storable(name);
  }

  /** What has a value, in its order; null where nothing has. */
  final List<Object> checkMetadata() {
    List<Object> pairs = new ArrayList<>();
    Set<String> keys = new HashSet<>();
    for (Map.Entry<String, Object> entry : metadata) {
      if (entry.getValue() == null) continue;
      String key = entry.getKey() == null ? "" : Texts.storable(entry.getKey());
      Texts.ensureLength(key, Limits.LONGEST_KEY);
      Nonsense.ensure(
          !key.isEmpty() && pairs.size() < Limits.MOST_PAIRS && keys.add(key),
          "an empty or repeated key, or more than 3");
      String value = Texts.ensureLength(text(entry.getValue()), Limits.LONGEST_METADATA_VALUE);
      pairs.add(Json.object("key", key, "value", value));
    }
    return pairs.isEmpty() ? null : pairs;
  }

  private static String text(Object value) {
    if (value instanceof Number) return Numbers.write(((Number) value).doubleValue());
    if (value instanceof Option) return Texts.storable(((Option) value).text());
    return Texts.storable(String.valueOf(value));
  }
}
