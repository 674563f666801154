package mtspace.runtime;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** For generated code: how a property is called on the wire, what it may hold, and its default. */
public abstract class PropertyRule {
  final String key;
  final Object initial;

  private PropertyRule(String key, Object initial) {
    this.key = key;
    this.initial = initial;
  }

  /** The value as an app reads it; Nonsense for what it may not hold. */
  abstract Object read(Object wire);

  /** Text, or the address of an image. */
  public static PropertyRule text(String key, String initial) {
    return new PropertyRule(key, initial) {
      @Override
      Object read(Object wire) {
        return Json.asString(wire);
      }
    };
  }

  public static PropertyRule number(String key, Double initial) {
    return new PropertyRule(key, initial) {
      @Override
      Object read(Object wire) {
        Nonsense.ensure(wire instanceof Double && Numbers.isFinite((Double) wire), "not a number");
        return wire;
      }
    };
  }

  public static PropertyRule toggle(String key, Boolean initial) {
    return new PropertyRule(key, initial) {
      @Override
      Object read(Object wire) {
        Nonsense.ensure(wire instanceof Boolean, "not a boolean");
        return wire;
      }
    };
  }

  public static PropertyRule color(String key, String initial, double opacity) {
    return new PropertyRule(key, new Color(initial, opacity)) {
      @Override
      Object read(Object wire) {
        return Color.read(wire);
      }
    };
  }

  public static PropertyRule date(String key, String initial) {
    return new PropertyRule(key, initial == null ? null : Dates.read(initial)) {
      @Override
      Object read(Object wire) {
        return Dates.read(Json.asString(wire));
      }
    };
  }

  public static PropertyRule list(String key, String... initial) {
    return new PropertyRule(key, Collections.unmodifiableList(Arrays.asList(initial))) {
      @Override
      Object read(Object wire) {
        List<String> texts = new ArrayList<>();
        for (Object item : Json.asArray(wire)) texts.add(Json.asString(item));
        return Collections.unmodifiableList(texts);
      }
    };
  }

  public static <T extends Option> PropertyRule select(String key, T[] options, T initial) {
    return new PropertyRule(key, initial) {
      @Override
      Object read(Object wire) {
        for (T option : options) {
          if (option.text().equals(wire)) return option;
        }
        throw new Nonsense("not an option");
      }
    };
  }
}
