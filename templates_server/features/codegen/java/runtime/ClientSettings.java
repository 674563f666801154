package mtspace.runtime;

import java.util.concurrent.Executor;

/** What an app has set; read on any thread. */
final class ClientSettings {
  volatile String apiKey = "";
  volatile String host;
  volatile int waitTimeMsec = 1200;
  volatile boolean sessionLock = true;
  volatile boolean tracking = true;
  volatile Storage storage;
  volatile String appVersion = "";
  volatile String appBuild = "";
  volatile Logger logger;
  volatile Executor executor;

  ClientSettings(String host) {
    this.host = trim(host);
  }

  static String trim(String host) {
    int end = host.length();
    while (end > 0 && host.charAt(end - 1) == '/') end -= 1;
    return host.substring(0, end);
  }
}
