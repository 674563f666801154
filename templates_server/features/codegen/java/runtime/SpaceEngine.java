package mtspace.runtime;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;

/** For generated code: runs a Space. */
public final class SpaceEngine {
  final Loop loop;
  final Log log;
  final SessionRunner runner;
  final Blueprint blueprint;
  final Map<String, Layers<?>> entities = new LinkedHashMap<>();
  private final Clock clock;
  private final Client client;
  private final Session session;

  public SpaceEngine(Blueprint blueprint) {
    ClientSettings settings = new ClientSettings(blueprint.host);
    this.blueprint = blueprint;
    loop = new Loop(new Serial(command -> callBack(settings.executor, command)));
    log = new Log(loop, settings);
    clock = new Clock(Surroundings.present(), loop);
    runner = new SessionRunner(this, settings, clock);
    client = new Client(settings, this);
    session = new Session(this);
  }

  public Client client() {
    return client;
  }

  public Session session() {
    return session;
  }

  /** Returns what the entity of that key is made of. */
  public EntityCore entity(String key) {
    return new EntityCore(this, key);
  }

  /** Takes the options of a Space of its own, once its entities are there. */
  public void apply(SpaceOptions options) {
    loop.run(() -> log.attempt("the options cannot be used", () -> options.apply(this)));
  }

  /** Ends all; the call comes when that is done. */
  public void close(Runnable closed) {
    loop.run(() -> runner.close(() -> loop.later(closed)));
  }

  /** Ends all, and waits until that is done. */
  public void close() {
    CountDownLatch done = new CountDownLatch(1);
    loop.run(() -> runner.close(done::countDown));
    try {
      done.await();
    } catch (InterruptedException cause) {
      Thread.currentThread().interrupt();
    }
  }

  <S> Layers<S> layers(String entity, S nothing, Layers.Parser<S> parser) {
    Layers<S> layers =
        new Layers<>(this, entity, parser, () -> readFallback(entity, nothing, parser));
    entities.put(entity, layers);
    return layers;
  }

  /** What this code holds of the entity; null: nothing. */
  Object fallbackOf(String entity) {
    String text = blueprint.fallbacks.of(entity);
    return text == null ? null : Json.parse(text);
  }

  void record(Event event, String entity, Map<String, Object> data) {
    loop.run(() -> runner.record(event, entity, data));
  }

  boolean isHidden() {
    return runner.isHidden();
  }

  boolean isTest() {
    return runner.isTest();
  }

  boolean isLocking() {
    return runner.isLocking();
  }

  private <S> S readFallback(String entity, S nothing, Layers.Parser<S> parser) {
    try {
      return parser.parse(fallbackOf(entity), nothing, (place, value) -> {});
    } catch (Nonsense cause) {
      return nothing;
    }
  }

  private void callBack(Executor own, Runnable command) {
    if (own == null) clock.execute(command);
    else own.execute(command);
  }
}
