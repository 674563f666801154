package mtspace.runtime;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** Talks to the Client API: one request, one reply, within its time. */
final class Sender {
  private final Clock clock;
  private final Loop loop;
  private final ClientSettings settings;
  private boolean isOff;

  Sender(Clock clock, Loop loop, ClientSettings settings) {
    this.clock = clock;
    this.loop = loop;
    this.settings = settings;
  }

  /** In a test there is no server. */
  void switchOff() {
    isOff = true;
  }

  /** The api key and host to which it would send now; "": there is no key. */
  String destination() {
    if (isOff || settings.apiKey.isEmpty()) return "";
    return Json.write(Arrays.<Object>asList(settings.apiKey, settings.host));
  }

  /**
   * Goes on once, with a reply of status 0 where there is no network or no time. Without a body it
   * waits for changes.
   */
  void send(String path, String body, Aborter aborter, Then<Reply> then) {
    int timeoutMsec =
        Math.max(
            body == null ? Limits.CHANGES_TIMEOUT_MSEC : Limits.TIMEOUT_MSEC,
            settings.waitTimeMsec);
    Exchange exchange = new Exchange(then);
    exchange.timer = clock.after(timeoutMsec, exchange::cut);
    aborter.add(exchange::cut);
    exchange.request =
        clock
            .transport()
            .send(
                settings.host + "/api/client" + path,
                headers(body),
                body,
                timeoutMsec,
                (status, text, retryAfter) ->
                    loop.run(() -> exchange.finish(reply(status, text, retryAfter))));
  }

  private Map<String, String> headers(String body) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Accept", "application/json");
    headers.put("Authorization", "Bearer " + settings.apiKey);
    if (body != null) headers.put("Content-Type", "application/json");
    return headers;
  }

  private Reply reply(int status, String text, String retryAfter) {
    return status == 0
        ? Reply.NONE
        : new Reply(status, text, Pauses.readRetryAfterMsec(retryAfter, clock.now()));
  }

  /** One request under way. */
  private final class Exchange {
    private Then<Reply> then;
    private Timer timer;
    private Timer request;

    Exchange(Then<Reply> then) {
      this.then = then;
    }

    void finish(Reply reply) {
      if (then == null) return;
      timer.cancel();
      Then<Reply> once = then;
      then = null;
      once.with(reply);
    }

    void cut() {
      if (then == null) return;
      if (request != null) request.cancel();
      loop.soon(() -> finish(Reply.NONE));
    }
  }
}
