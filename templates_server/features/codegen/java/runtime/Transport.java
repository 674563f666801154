package mtspace.runtime;

import java.util.Map;

/** Asks servers over HTTP. */
interface Transport {
  /** Takes what came of a request, on any thread. */
  interface Answer {
    /** Takes the answer; a status of 0: there is none. */
    void answered(int status, String text, String retryAfter);
  }

  /** Sends a request: POST where it has a body. What is returned cuts it. */
  Timer send(String url, Map<String, String> headers, String body, int timeoutMsec, Answer answer);
}
