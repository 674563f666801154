package mtspace.runtime;

import java.text.ParseException;
import java.text.SimpleDateFormat;
import java.util.Calendar;
import java.util.Date;
import java.util.GregorianCalendar;
import java.util.Locale;
import java.util.TimeZone;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Dates as texts: RFC 3339, and those of HTTP. */
final class Dates {
  private static final TimeZone UTC = TimeZone.getTimeZone("UTC");
  private static final Pattern RFC_3339 =
      Pattern.compile(
          "(\\d{4})-(\\d\\d)-(\\d\\d)T(\\d\\d):(\\d\\d)(?::(\\d\\d)(?:\\.(\\d{1,9}))?)?"
              + "(?:Z|([+-])(\\d\\d):?(\\d\\d))?");
  private static final int MSEC_DIGITS = 3;

  private Dates() {}

  /** The date of the text, which is in UTC unless it names an offset; Nonsense for what is none. */
  static Date read(String text) {
    Matcher parts = RFC_3339.matcher(text);
    Nonsense.ensure(parts.matches(), "not a date");
    Calendar calendar = new GregorianCalendar(UTC, Locale.ROOT);
    calendar.clear();
    calendar.setLenient(false);
    calendar.set(number(parts, 1), number(parts, 2) - 1, number(parts, 3));
    calendar.set(Calendar.HOUR_OF_DAY, number(parts, 4));
    calendar.set(Calendar.MINUTE, number(parts, 5));
    calendar.set(Calendar.SECOND, number(parts, 6));
    String fraction = parts.group(7) == null ? "" : parts.group(7);
    calendar.set(
        Calendar.MILLISECOND, Integer.parseInt((fraction + "000").substring(0, MSEC_DIGITS)));
    long offsetMsec = 60_000L * (60 * number(parts, 9) + number(parts, 10));
    try {
      long msec = calendar.getTimeInMillis();
      return new Date("-".equals(parts.group(8)) ? msec + offsetMsec : msec - offsetMsec);
    } catch (IllegalArgumentException cause) {
      throw new Nonsense("not a date");
    }
  }

  /** The date in UTC, such as {@code 2027-04-30T22:00:00.000Z}. */
  static String write(Date date) {
    SimpleDateFormat format = new SimpleDateFormat("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT);
    format.setTimeZone(UTC);
    return format.format(date);
  }

  /** Such as {@code Sun, 06 Nov 1994 08:49:37 GMT}; null for what is none. */
  static Date readHttp(String text) {
    try {
      return new SimpleDateFormat("EEE, dd MMM yyyy HH:mm:ss zzz", Locale.US).parse(text);
    } catch (ParseException cause) {
      return null;
    }
  }

  private static int number(Matcher parts, int group) {
    String text = parts.group(group);
    return text == null ? 0 : Integer.parseInt(text);
  }
}
