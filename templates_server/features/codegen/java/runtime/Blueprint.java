package mtspace.runtime;

/** For generated code: what a Space is made of. */
public final class Blueprint {
  /** Gives what production's default scenarios show, which is served when nothing else can be. */
  public interface Fallbacks {
    /** Returns the state of the entity as JSON; null where there is none. */
    String of(String entity);
  }

  final String key;
  final String host;
  final String codeHash;
  final String language;
  final Fallbacks fallbacks;

  public Blueprint(String key, String host, String codeHash, String language, Fallbacks fallbacks) {
    this.key = key;
    this.host = host;
    this.codeHash = codeHash;
    this.language = language;
    this.fallbacks = fallbacks;
  }
}
