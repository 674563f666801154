package app;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import mtspace.vod.Mtribes;
import mtspace.vod.Space;
import mtspace.vod.runtime.SessionStatus;
import mtspace.vod.runtime.SpaceOptions;
import mtspace.vod.runtime.StartOptions;

/** Serves many people on many threads, a Space each, and says what went wrong. */
public final class People {
  private static final int THREADS = 64;
  private static final int REQUESTS_EACH = 3;

  private People() {}

  public static void main(String[] arguments) throws Exception {
    int people = Integer.parseInt(arguments[1]);
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    CountDownLatch all = new CountDownLatch(Math.min(THREADS, people));
    List<Future<String>> served = new ArrayList<>();
    for (int number = 0; number < people; number += 1) {
      String person = "person-" + number;
      served.add(threads.submit(() -> serve(arguments[0], person, all)));
    }
    for (Future<String> each : served) {
      String wrong = each.get(60, TimeUnit.SECONDS);
      if (!wrong.isEmpty()) System.out.println(wrong);
    }
    threads.shutdown();
    threads.awaitTermination(10, TimeUnit.SECONDS);
    shareOne(arguments[0]);
    System.out.println("threads left " + countLeft());
  }

  private static String serve(String host, String person, CountDownLatch all) throws Exception {
    all.countDown();
    all.await();
    SpaceOptions options = SpaceOptions.builder("pk_test").host(host).waitTimeMsec(30_000).build();
    Space space = Mtribes.createSpace(options);
    try {
      for (int request = 0; request < REQUESTS_EACH; request += 1) {
        SessionStatus status = space.session.startAndWait(new StartOptions(person));
        String label = space.collections.onboarding().welcome().properties().label();
        if (status != SessionStatus.SERVED || !label.equals("for " + person)) {
          return person + ": " + status + " " + space.session.failure() + " " + label;
        }
        space.session.track("seen/by-" + person);
        space.collections.onboarding().welcome().track("welcome/by-" + person);
      }
    } finally {
      space.close();
    }
    return "";
  }

  /** One Space on many threads: what the first is served, nobody else sees. */
  private static void shareOne(String host) throws Exception {
    SpaceOptions options =
        SpaceOptions.builder("pk_test")
            .host(host)
            .waitTimeMsec(30_000)
            .logger((line, cause) -> {})
            .build();
    Space shared = Mtribes.createSpace(options);
    shared.session.startAndWait(new StartOptions("ann"));
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    List<Future<String>> seen = new ArrayList<>();
    for (int number = 0; number < THREADS; number += 1) {
      String person = "other-" + number;
      seen.add(
          threads.submit(
              () -> {
                shared.session.startAndWait(new StartOptions(person));
                shared.session.track("seen/by-" + person);
                return shared.collections.onboarding().welcome().properties().label();
              }));
    }
    for (Future<String> each : seen) {
      if (each.get(60, TimeUnit.SECONDS).startsWith("for ")) System.out.println("saw another's");
    }
    threads.shutdown();
    threads.awaitTermination(10, TimeUnit.SECONDS);
    shared.close();
  }

  private static int countLeft() throws InterruptedException {
    int left = 0;
    for (int tries = 0; tries < 200; tries += 1) {
      left = 0;
      for (Thread thread : Thread.getAllStackTraces().keySet()) {
        if (thread.getName().startsWith("mtribes")) left += 1;
      }
      if (left == 0) return 0;
      Thread.sleep(10);
    }
    return left;
  }
}
