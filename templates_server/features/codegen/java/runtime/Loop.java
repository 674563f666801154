package mtspace.runtime;

import java.util.ArrayDeque;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Does all work of a Space one piece at a time, on whatever thread it comes from.
 *
 * <p>What is for the app is called afterwards, outside the lock, in order.
 */
final class Loop {
  private final ReentrantLock lock = new ReentrantLock();
  private final ArrayDeque<Runnable> soon = new ArrayDeque<>();
  private final Serial callbacks;

  Loop(Serial callbacks) {
    this.callbacks = callbacks;
  }

  /** Something to do that gives something. */
  interface Call<T> {
    T call();
  }

  void run(Runnable work) {
    call(
        () -> {
          work.run();
          return null;
        });
  }

  <T> T call(Call<T> work) {
    lock.lock();
    try {
      T result = work.call();
      while (lock.getHoldCount() == 1 && !soon.isEmpty()) soon.poll().run();
      return result;
    } finally {
      lock.unlock();
      if (!lock.isHeldByCurrentThread()) callbacks.kick();
    }
  }

  /** Runs when the present piece of work is done, before any other. */
  void soon(Runnable work) {
    soon.add(work);
  }

  /** Calls the app when the present piece of work is done. */
  void later(Runnable callback) {
    callbacks.add(callback);
  }

  /** Tells the developer where there is no logger. */
  static void report(String message, Throwable cause) {
    String line = "mtribes: " + message;
    System.err.println(cause == null ? line : line + ": " + cause);
  }
}
