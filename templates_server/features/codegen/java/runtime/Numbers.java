package mtspace.runtime;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;

/** Numbers as ECMAScript writes them (ECMA-262, Number::toString), the same in every language. */
final class Numbers {
  private static final int MOST_DIGITS = 17;
  private static final double LARGEST_PLAIN_INTEGER = 1e15;

  private Numbers() {}

  /** The shortest text that reads as this number; Nonsense for infinity and NaN. */
  static String write(double number) {
    Nonsense.ensure(isFinite(number), "not a number");
    if (number == (long) number && Math.abs(number) < LARGEST_PLAIN_INTEGER) {
      return Long.toString((long) number);
    }
    BigDecimal shortest = shorten(Math.abs(number));
    String digits = shortest.unscaledValue().toString();
    String text = place(digits, digits.length() - shortest.scale());
    return number < 0 ? "-" + text : text;
  }

  static boolean isFinite(double number) {
    return !Double.isNaN(number) && !Double.isInfinite(number);
  }

  private static BigDecimal shorten(double number) {
    BigDecimal exact = new BigDecimal(number);
    for (int digits = 1; digits < MOST_DIGITS; digits += 1) {
      BigDecimal rounded = exact.round(new MathContext(digits, RoundingMode.HALF_EVEN));
      if (rounded.doubleValue() == number) return rounded.stripTrailingZeros();
    }
    return exact.round(new MathContext(MOST_DIGITS, RoundingMode.HALF_EVEN)).stripTrailingZeros();
  }

  /**
   * The digits with their point after so many of them, or with an exponent where it is far away.
   */
  private static String place(String digits, int point) {
    int count = digits.length();
    if (count <= point && point <= 21) return digits + zeros(point - count);
    if (0 < point && point <= 21) return digits.substring(0, point) + "." + digits.substring(point);
    if (-6 < point && point <= 0) return "0." + zeros(-point) + digits;
    int exponent = point - 1;
    String mantissa = count == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
    return mantissa + "e" + (exponent < 0 ? "-" : "+") + Math.abs(exponent);
  }

  private static String zeros(int count) {
    StringBuilder text = new StringBuilder();
    for (int at = 0; at < count; at += 1) text.append('0');
    return text.toString();
  }
}
