package mtspace.runtime;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads one JSON text (RFC 8259). */
final class JsonReader {
  private final String text;
  private int at;

  JsonReader(String text) {
    this.text = text;
  }

  /** The value that the whole text is. */
  Object read() {
    Object value = readValue(0);
    skipSpace();
    Nonsense.ensure(at == text.length(), "more than one value");
    return value;
  }

  private Object readValue(int depth) {
    Nonsense.ensure(depth <= Limits.MOST_JSON_DEPTH, "too deep");
    skipSpace();
    switch (peek()) {
      case '{':
        return readObject(depth);
      case '[':
        return readArray(depth);
      case '"':
        return readString();
      case 't':
        return readWord("true", Boolean.TRUE);
      case 'f':
        return readWord("false", Boolean.FALSE);
      case 'n':
        return readWord("null", null);
      default:
        return readNumber();
    }
  }

  private Map<String, Object> readObject(int depth) {
    Map<String, Object> object = new LinkedHashMap<>();
    at += 1;
    if (skips('}')) return object;
    do {
      skipSpace();
      Nonsense.ensure(peek() == '"', "no name");
      String name = readString();
      Nonsense.ensure(skips(':'), "no value");
      object.put(name, readValue(depth + 1));
    } while (skips(','));
    Nonsense.ensure(skips('}'), "no end of an object");
    return object;
  }

  private List<Object> readArray(int depth) {
    List<Object> array = new ArrayList<>();
    at += 1;
    if (skips(']')) return array;
    do {
      array.add(readValue(depth + 1));
    } while (skips(','));
    Nonsense.ensure(skips(']'), "no end of an array");
    return array;
  }

  private String readString() {
    int begin = at + 1;
    at = begin;
    while (peek() != '"' && peek() != '\\') next();
    if (peek() == '"') {
      at += 1;
      return text.substring(begin, at - 1);
    }
    StringBuilder string = new StringBuilder(text.substring(begin, at));
    for (char character = next(); character != '"'; character = next()) {
      string.append(character == '\\' ? readEscape() : character);
    }
    return string.toString();
  }

  private char readEscape() {
    char kind = next();
    int plain = "\"\\/bfnrt".indexOf(kind);
    if (plain >= 0) return "\"\\/\b\f\n\r\t".charAt(plain);
    Nonsense.ensure(kind == 'u', "no escape");
    int code = 0;
    for (int digits = 0; digits < 4; digits += 1) {
      int digit = Character.digit(peek(), 16);
      Nonsense.ensure(digit >= 0 && next() < 128, "no hexadecimal digit");
      code = 16 * code + digit;
    }
    return (char) code;
  }

  private Object readWord(String word, Object value) {
    Nonsense.ensure(text.startsWith(word, at), "no value");
    at += word.length();
    return value;
  }

  private Double readNumber() {
    int begin = at;
    if (peek() == '-') at += 1;
    int whole = skipDigits();
    Nonsense.ensure(whole > 0 && (whole == 1 || text.charAt(at - whole) != '0'), "no number");
    if (peek() == '.') {
      at += 1;
      Nonsense.ensure(skipDigits() > 0, "no number");
    }
    if (peek() == 'e' || peek() == 'E') {
      at += 1;
      if (peek() == '+' || peek() == '-') at += 1;
      Nonsense.ensure(skipDigits() > 0, "no number");
    }
    return Double.valueOf(text.substring(begin, at));
  }

  private int skipDigits() {
    int begin = at;
    while (peek() >= '0' && peek() <= '9') at += 1;
    return at - begin;
  }

  /** Whether the character comes next, which is then behind. */
  private boolean skips(char character) {
    skipSpace();
    if (peek() != character) return false;
    at += 1;
    return true;
  }

  private void skipSpace() {
    while (" \t\n\r".indexOf(peek()) >= 0) at += 1;
  }

  /** The next character; one that no JSON has at the end. */
  private char peek() {
    return at < text.length() ? text.charAt(at) : '\uffff';
  }

  /** The next character of a string, which is then behind. */
  private char next() {
    Nonsense.ensure(at < text.length() && text.charAt(at) >= ' ', "no end of a text");
    at += 1;
    return text.charAt(at - 1);
  }
}
