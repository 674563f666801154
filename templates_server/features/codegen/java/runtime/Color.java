package mtspace.runtime;

import java.util.Map;
import java.util.regex.Pattern;

/** A color. */
public final class Color {
  private static final Pattern HEXADECIMAL = Pattern.compile("#[0-9a-fA-F]{6}");

  private final String value;
  private final double opacity;

  /**
   * Makes a color.
   *
   * @param value {@code #rrggbb}; null: unset
   * @param opacity from 0 to 1
   */
  public Color(String value, double opacity) {
    this.value = value;
    this.opacity = opacity;
  }

  /** Returns {@code #rrggbb}, or null when unset. */
  public String value() {
    return value;
  }

  /** Returns the opacity, from 0 to 1. */
  public double opacity() {
    return opacity;
  }

  @Override
  public boolean equals(Object other) {
    if (!(other instanceof Color)) return false;
    Color color = (Color) other;
    return opacity == color.opacity
        && (value == null ? color.value == null : value.equals(color.value));
  }

  @Override
  public int hashCode() {
    return 31 * (value == null ? 0 : value.hashCode()) + Double.valueOf(opacity).hashCode();
  }

  @Override
  public String toString() {
    return value + " " + opacity;
  }

  Map<String, Object> toJson() {
    Map<String, Object> object = Json.object("opacity", opacity);
    object.put("value", value);
    return object;
  }

  static Color read(Object wire) {
    Map<String, Object> color = Json.asObject(wire);
    Object value = color.get("value");
    Object opacity = color.get("opacity") == null ? Double.valueOf(1) : color.get("opacity");
    Nonsense.ensure(
        value == null || HEXADECIMAL.matcher(Json.asString(value)).matches(), "not a color");
    Nonsense.ensure(opacity instanceof Double, "not a number");
    double part = (Double) opacity;
    Nonsense.ensure(part >= 0 && part <= 1, "not an opacity");
    return new Color((String) value, part);
  }
}
