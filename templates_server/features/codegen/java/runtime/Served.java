package mtspace.runtime;

import java.util.Map;

/** A session's answer, or a change to it. */
final class Served {
  /** Null for a change. */
  final String session;

  final String revision;
  final Map<String, Object> states;

  Served(String session, String revision, Map<String, Object> states) {
    this.session = session;
    this.revision = revision;
    this.states = states;
  }

  /** Null for an answer that is none. */
  static Served read(Reply reply) {
    if (reply.status != 200) return null;
    try {
      return read(Json.parse(reply.text));
    } catch (Nonsense cause) {
      return null;
    }
  }

  static Served read(Object value) {
    Map<String, Object> served = Json.asObject(value);
    Object session = served.get("session");
    boolean isSession = session instanceof String && !((String) session).isEmpty();
    return new Served(
        isSession ? Texts.storable((String) session) : null,
        scalarText(Json.member(served, "revision")),
        Json.asObject(Json.member(served, "states")));
  }

  private static String scalarText(Object value) {
    if (value instanceof Double) return Numbers.write((Double) value);
    if (value instanceof Boolean) return value.toString();
    return Texts.storable(Json.asString(value));
  }
}
