package mtspace.runtime;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** JSON: objects are maps in their order, arrays lists, numbers doubles. */
final class Json {
  /** What a member that is not there reads as: null is a value of its own. */
  static final Object MISSING = new Object();

  private Json() {}

  /** The value of the text; Nonsense for what is no JSON, or is nested too deeply. */
  static Object parse(String text) {
    return new JsonReader(text).read();
  }

  /** The value as compact JSON; Nonsense where it is nested too deeply. */
  static String write(Object value) {
    StringBuilder text = new StringBuilder();
    write(value, text, 0);
    return text.toString();
  }

  static Map<String, Object> asObject(Object value) {
    Nonsense.ensure(value instanceof Map, "not an object");
    @SuppressWarnings("unchecked")
    Map<String, Object> object = (Map<String, Object>) value;
    return object;
  }

  static List<Object> asArray(Object value) {
    Nonsense.ensure(value instanceof List, "not an array");
    @SuppressWarnings("unchecked")
    List<Object> array = (List<Object>) value;
    return array;
  }

  static String asString(Object value) {
    Nonsense.ensure(value instanceof String, "not a text");
    return (String) value;
  }

  /** The member, or MISSING. */
  static Object member(Map<String, Object> object, String key) {
    Object value = object.get(key);
    return value != null || object.containsKey(key) ? value : MISSING;
  }

  /**
   * An object of the names and values that follow each other; those without a value are left out.
   */
  static Map<String, Object> object(Object... namesAndValues) {
    Map<String, Object> object = new LinkedHashMap<>();
    for (int at = 0; at < namesAndValues.length; at += 2) {
      Object value = namesAndValues[at + 1];
      if (value != null) object.put((String) namesAndValues[at], value);
    }
    return object;
  }

  /**
   * What an app gives as states, in the types of JSON: dates and options are texts, numbers
   * doubles.
   */
  static Object normalise(Object value) {
    if (value instanceof Map) {
      Map<String, Object> object = new LinkedHashMap<>();
      for (Map.Entry<?, ?> entry : ((Map<?, ?>) value).entrySet()) {
        object.put(String.valueOf(entry.getKey()), normalise(entry.getValue()));
      }
      return object;
    }
    if (value instanceof Iterable) {
      List<Object> array = new ArrayList<>();
      for (Object item : (Iterable<?>) value) array.add(normalise(item));
      return array;
    }
    if (value instanceof Number) return ((Number) value).doubleValue();
    if (value instanceof java.util.Date) return Dates.write((java.util.Date) value);
    if (value instanceof Option) return ((Option) value).text();
    if (value instanceof Color) return ((Color) value).toJson();
    return value;
  }

  private static void write(Object value, StringBuilder text, int depth) {
    Nonsense.ensure(depth <= Limits.MOST_JSON_DEPTH, "too deep");
    if (value instanceof Map) {
      String separator = "{";
      for (Map.Entry<?, ?> entry : ((Map<?, ?>) value).entrySet()) {
        text.append(separator);
        writeString((String) entry.getKey(), text);
        write(entry.getValue(), text.append(':'), depth + 1);
        separator = ",";
      }
      text.append(separator.equals("{") ? "{}" : "}");
    } else if (value instanceof List) {
      String separator = "[";
      for (Object item : (List<?>) value) {
        write(item, text.append(separator), depth + 1);
        separator = ",";
      }
      text.append(separator.equals("[") ? "[]" : "]");
    } else if (value instanceof String) {
      writeString((String) value, text);
    } else if (value instanceof Number) {
      text.append(Numbers.write(((Number) value).doubleValue()));
    } else {
      Nonsense.ensure(value == null || value instanceof Boolean, "not of JSON");
      text.append(value);
    }
  }

  private static void writeString(String string, StringBuilder text) {
    text.append('"');
    for (int at = 0; at < string.length(); at += 1) {
      char character = string.charAt(at);
      if (character == '"' || character == '\\') text.append('\\').append(character);
      else if (character >= ' ' && !isLoneSurrogate(string, at)) text.append(character);
      else if ("\b\t\n\f\r".indexOf(character) >= 0) {
        text.append('\\').append("btnfr".charAt("\b\t\n\f\r".indexOf(character)));
      } else text.append(String.format("\\u%04x", (int) character));
    }
    text.append('"');
  }

  private static boolean isLoneSurrogate(String string, int at) {
    char character = string.charAt(at);
    if (Character.isHighSurrogate(character)) {
      return at + 1 == string.length() || !Character.isLowSurrogate(string.charAt(at + 1));
    }
    return Character.isLowSurrogate(character)
        && (at == 0 || !Character.isHighSurrogate(string.charAt(at - 1)));
  }
}
