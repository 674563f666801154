package mtspace.runtime;

import java.util.regex.Pattern;

/** What a server answered; a status of 0: nothing. */
final class Reply {
  static final Reply NONE = new Reply(0, "", 0);
  private static final int TOO_LARGE = 413;
  private static final Pattern OBJECT = Pattern.compile("\\s*\\{");
  private static final Pattern PAGE = Pattern.compile("\\s*<");

  final int status;
  final String text;
  final long retryAfterMsec;

  Reply(int status, String text, long retryAfterMsec) {
    this.status = status;
    this.text = text;
    this.retryAfterMsec = retryAfterMsec;
  }

  /**
   * The answer of the server to what it does not accept; not of what is in between, such as a
   * network's sign-in.
   */
  boolean isRefusal() {
    return status == TOO_LARGE
        || ((status == 400 || status == 422) && OBJECT.matcher(text).lookingAt());
  }

  /** A page of HTML comes from something in between, such as a network's sign-in. */
  boolean isSuccess() {
    return status >= 200 && status < 300 && !PAGE.matcher(text).lookingAt();
  }
}
