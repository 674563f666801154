package mtspace.runtime;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/** Who a session is for, and what an app says of them, checked: as the server takes it. */
final class Person {
  /** Reserved IDs. */
  private static final Pattern RESERVED = Pattern.compile("\\.\\.?|[a-z]{3}_[A-Za-z0-9]{22}");

  /** What cannot be stored, control characters, and what nobody sees at an edge. */
  private static final Pattern UNFIT =
      Pattern.compile("[\\p{Cc}\\p{Cs}]|\\A[\\p{Z}\\p{Cf}]|[\\p{Z}\\p{Cf}]\\z");

  /** Null for a visitor. */
  final String externalId;

  final String signature;

  /** Null for none. */
  final Map<String, Object> fields;

  private Person(String externalId, String signature, Map<String, Object> fields) {
    this.externalId = externalId;
    this.signature = signature;
    this.fields = fields;
  }

  /** The person of the options; Nonsense where it is not known who that is. */
  static Person read(StartOptions options, Log log) {
    String userId = options.userId == null ? "" : options.userId;
    String externalId = userId.isEmpty() ? null : asUserId(userId);
    String signature = options.userSignature == null ? "" : Texts.storable(options.userSignature);
    return new Person(
        externalId,
        externalId == null || signature.isEmpty() ? null : signature,
        readFields(options.fields, log));
  }

  boolean isSameAs(Person other) {
    return externalId == null ? other.externalId == null : externalId.equals(other.externalId);
  }

  private static String asUserId(String text) {
    Nonsense.ensure(
        text.codePointCount(0, text.length()) <= Limits.LONGEST_NAME
            && !RESERVED.matcher(text).matches()
            && !UNFIT.matcher(text).find(),
        "not a userId");
    return text;
  }

  /** The fields that can be sent; of the others a log line tells. */
  private static Map<String, Object> readFields(Map<String, Object> given, Log log) {
    Map<String, Object> read = new LinkedHashMap<>();
    for (Map.Entry<String, Object> entry : given.entrySet()) {
      String name = entry.getKey();
      log.attempt(
          "the field " + Texts.describe(name) + " is left out",
          () -> {
            Object value = readField(entry.getValue());
            if (value == null) return;
            Nonsense.ensure(
                name != null && !name.isEmpty() && read.size() < Limits.MOST_FIELDS,
                "no name, or too many");
            read.put(Texts.storable(Texts.ensureLength(name, Limits.LONGEST_KEY)), value);
          });
    }
    return read.isEmpty() ? null : read;
  }

  private static Object readField(Object value) {
    if (value == null || value instanceof Boolean) return value;
    if (value instanceof Number) {
      double number = ((Number) value).doubleValue();
      Nonsense.ensure(Numbers.isFinite(number), "not a number");
      return number;
    }
    String text = value instanceof Option ? ((Option) value).text() : Json.asString(value);
    return Texts.ensureLength(Texts.storable(text), Limits.LONGEST_FIELD_VALUE);
  }
}
