package mtspace.runtime;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URL;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;

/** Requests by {@code HttpURLConnection}, each on a thread of its own while it is under way. */
final class HttpTransport implements Transport {
  private final Surroundings surroundings;

  HttpTransport(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Timer send(
      String url, Map<String, String> headers, String body, int timeoutMsec, Answer answer) {
    Exchange exchange = new Exchange(url, headers, body, timeoutMsec, answer);
    try {
      surroundings.execute(exchange);
    } catch (RejectedExecutionException cause) {
      answer.answered(0, "", null);
    }
    return exchange;
  }

  /** One request and its answer. */
  private static final class Exchange implements Runnable, Timer {
    private final String url;
    private final Map<String, String> headers;
    private final String body;
    private final int timeoutMsec;
    private final Answer answer;
    private HttpURLConnection connection;
    private boolean isCut;

    Exchange(String url, Map<String, String> headers, String body, int timeoutMsec, Answer answer) {
      this.url = url;
      this.headers = headers;
      this.body = body;
      this.timeoutMsec = timeoutMsec;
      this.answer = answer;
    }

    @Override
    public void run() {
      int status = 0;
      String text = "";
      String retryAfter = null;
      try {
        HttpURLConnection opened = open();
        if (body != null) write(opened);
        int answered = opened.getResponseCode();
        text = read(opened, answered);
        retryAfter = opened.getHeaderField("Retry-After");
        status = answered;
      } catch (IOException | RuntimeException cause) {
        // No network, no time, no such address: an answer of status 0 is what says so.
        status = 0;
      }
      answer.answered(status, text, retryAfter);
    }

    @Override
    public void cancel() {
      HttpURLConnection present;
      synchronized (this) {
        isCut = true;
        present = connection;
      }
      if (present != null) present.disconnect();
    }

    private HttpURLConnection open() throws IOException {
      HttpURLConnection opened = (HttpURLConnection) new URL(url).openConnection();
      opened.setConnectTimeout(timeoutMsec);
      opened.setReadTimeout(timeoutMsec);
      opened.setUseCaches(false);
      for (Map.Entry<String, String> header : headers.entrySet()) {
        opened.setRequestProperty(header.getKey(), header.getValue());
      }
      synchronized (this) {
        if (isCut) throw new IOException("cut");
        connection = opened;
      }
      return opened;
    }

    private void write(HttpURLConnection opened) throws IOException {
      byte[] bytes = body.getBytes("UTF-8");
      opened.setDoOutput(true);
      opened.setRequestMethod("POST");
      // Otherwise the platform sends it again by itself where a connection breaks.
      opened.setFixedLengthStreamingMode(bytes.length);
      OutputStream output = opened.getOutputStream();
      try {
        output.write(bytes);
      } finally {
        output.close();
      }
    }

    private static String read(HttpURLConnection opened, int status) throws IOException {
      InputStream input = status >= 400 ? opened.getErrorStream() : opened.getInputStream();
      if (input == null) return "";
      try {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        byte[] buffer = new byte[8192];
        for (int read = input.read(buffer); read >= 0; read = input.read(buffer)) {
          bytes.write(buffer, 0, read);
        }
        // A connection that breaks looks like the end of the answer.
        String length = opened.getHeaderField("Content-Length");
        if (length != null && bytes.size() < Long.parseLong(length.trim())) {
          throw new IOException("cut");
        }
        return bytes.toString("UTF-8");
      } finally {
        input.close();
      }
    }
  }
}
