package mtspace.runtime;

import java.nio.charset.Charset;
import java.util.Iterator;
import java.util.regex.Pattern;

/** What texts of apps and servers may hold, and how they are shown. */
final class Texts {
  static final Charset UTF_8 = Charset.forName("UTF-8");
  private static final Pattern UNSEEN = Pattern.compile("[\\p{C}\\p{Zl}\\p{Zp}]");
  private static final Pattern NOT_STORABLE = Pattern.compile("[\\x00\\p{Cs}]");

  private Texts() {}

  /**
   * Without what nobody sees, would be a line of its own in a log, or is an order to a terminal.
   */
  static String visible(String text) {
    return UNSEEN.matcher(text).replaceAll("\ufffd");
  }

  /** Without NUL and halves of surrogate pairs, which no server stores. */
  static String storable(String text) {
    return NOT_STORABLE.matcher(text).replaceAll("\ufffd");
  }

  static String ensureLength(String text, int most) {
    Nonsense.ensure(text.length() <= most, "longer than " + most + " characters");
    return text;
  }

  static String shorten(String text, int most) {
    return text.length() <= most ? text : text.substring(0, most);
  }

  /** How a text is called in a message. */
  static String describe(String text) {
    return text == null ? "null" : Json.write(shorten(text, Limits.LONGEST_KEY));
  }

  static int countBytes(String text) {
    return text.getBytes(UTF_8).length;
  }

  static String join(String separator, Iterable<String> texts) {
    StringBuilder joined = new StringBuilder();
    for (Iterator<String> each = texts.iterator(); each.hasNext(); ) {
      joined.append(each.next());
      if (each.hasNext()) joined.append(separator);
    }
    return joined.toString();
  }
}
