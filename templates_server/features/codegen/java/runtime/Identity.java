package mtspace.runtime;

import java.util.Map;
import java.util.regex.Pattern;

/**
 * The anonymous ID of the device's present person, and the user that it belongs to once they have
 * signed in.
 */
final class Identity {
  private static final Pattern ID = Pattern.compile("[0-9a-f-]{36}");

  final String id;

  /** Null for a visitor. */
  final String owner;

  Identity(String id, String owner) {
    this.id = id;
    this.owner = owner;
  }

  /** Null for what is none. */
  static Identity parse(String text) {
    try {
      Map<String, Object> stored = Json.asObject(Json.parse(text));
      Object owner = Json.member(stored, "owner");
      return new Identity(
          asId(Json.member(stored, "id")), owner == null ? null : Json.asString(owner));
    } catch (Nonsense cause) {
      return null;
    }
  }

  static String asId(Object value) {
    Nonsense.ensure(ID.matcher(Json.asString(value)).matches(), "not an anonymous ID");
    return (String) value;
  }

  String toJson() {
    Map<String, Object> stored = Json.object("id", id);
    stored.put("owner", owner);
    return Json.write(stored);
  }
}
