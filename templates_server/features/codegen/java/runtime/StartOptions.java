package mtspace.runtime;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** Whom a session is for, and what is sent along with its start. */
public final class StartOptions {
  final String userId;
  final String userSignature;
  final Map<String, Object> fields;

  /**
   * Makes the options for a user.
   *
   * @param userId 1 to 256 characters; null: a visitor
   */
  public StartOptions(String userId) {
    this(userId, null, null);
  }

  /**
   * Makes the options for a user, with fields.
   *
   * @param userId 1 to 256 characters; null: a visitor
   * @param fields texts, numbers and booleans: used for that session, never stored
   */
  public StartOptions(String userId, Map<String, ?> fields) {
    this(userId, fields, null);
  }

  /**
   * Makes the options for a user whose ID your own back end has signed.
   *
   * @param userId 1 to 256 characters; null: a visitor
   * @param fields texts, numbers and booleans; null: none
   * @param userSignature what your back end made of the ID
   */
  public StartOptions(String userId, Map<String, ?> fields, String userSignature) {
    this.userId = userId;
    this.userSignature = userSignature;
    this.fields =
        fields == null
            ? Collections.<String, Object>emptyMap()
            : new LinkedHashMap<String, Object>(fields);
  }
}
