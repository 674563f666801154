package mtspace.runtime;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Those who want to be told when a state has changed. */
final class Listeners<S> {
  private final Loop loop;
  private final Log log;
  private final String name;
  private final Loop.Call<S> first;
  private final Set<Listener> all = new LinkedHashSet<>();
  private volatile S told;

  /**
   * Listeners to what has that name; the first state is what they know before they are told of any.
   */
  Listeners(Loop loop, Log log, String name, Loop.Call<S> first) {
    this.loop = loop;
    this.log = log;
    this.name = name;
    this.first = first;
  }

  Subscription onChange(Runnable call) {
    return loop.call(
        () -> {
          Listener listener = new Listener(call);
          if (call == null) log.log("a listener of " + name + " is null", null);
          else all.add(listener);
          return listener;
        });
  }

  /**
   * Calls them if that is not what they were told of last, unless there is something newer by then.
   */
  void announce(S state) {
    S known = told == null ? first.call() : told;
    told = state;
    if (state == known || state.equals(known) || all.isEmpty()) return;
    List<Listener> present = new ArrayList<>(all);
    loop.later(
        () -> {
          for (Listener listener : present) {
            if (told != state) return;
            listener.call();
          }
        });
  }

  /** One that listens. */
  private final class Listener implements Subscription {
    private final Runnable call;
    private volatile boolean isActive = true;

    Listener(Runnable call) {
      this.call = call;
    }

    @Override
    public void close() {
      isActive = false;
      loop.run(() -> all.remove(this));
    }

    void call() {
      if (!isActive) return;
      try {
        call.run();
      } catch (RuntimeException cause) {
        log.log("a listener of " + name + " failed", cause);
      }
    }
  }
}
