package mtspace.runtime;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Makes the anonymous ID once and keeps it; a new person on the device gets a new one. */
final class IdentityKeeper {
  private final Store store;
  private Identity identity;

  /**
   * Whether the identity in memory is not stored, or not yet, so that what is stored is an older
   * one.
   */
  private boolean isUnsaved;

  /** What waits for storage to be read; null: it is not being read. */
  private List<Runnable> waiting;

  IdentityKeeper(Store store) {
    this.store = store;
  }

  /** Goes on once storage has been read, where it has to be. */
  void ready(Runnable then) {
    if (waiting != null) {
      waiting.add(then);
      return;
    }
    if (isUnsaved) {
      then.run();
      return;
    }
    waiting = new ArrayList<>();
    waiting.add(then);
    store.markUsed();
    store.use(
        place -> place.get(Store.IDENTITY),
        null,
        text -> {
          take(text);
          List<Runnable> present = waiting;
          waiting = null;
          for (Runnable each : present) each.run();
        });
  }

  /** The anonymous ID to go on with, now that this person is there; null: whoever it is. */
  String idFor(Person person) {
    if (identity == null) save(new Identity(newId(), null));
    String owner = identity.owner;
    String next = person == null ? owner : person.externalId;
    boolean isSame = next == null ? owner == null : next.equals(owner);
    if (!isSame) save(new Identity(owner == null ? identity.id : newId(), next));
    return identity.id;
  }

  /** Goes on as this person. */
  void save(Identity saved) {
    identity = saved;
    isUnsaved = true;
    store.markUsed();
    String text = saved.toJson();
    store.use(
        place -> {
          // What is stored of somebody else must go, even where there is no room for more.
          if (place.set(Store.IDENTITY, text)) return true;
          place.remove(Store.IDENTITY);
          return place.set(Store.IDENTITY, text);
        },
        false,
        isWritten -> {
          if (identity == saved) isUnsaved = !isWritten;
        });
  }

  /** Keeps the present person, since they may be stored from now on. */
  void saveAgain() {
    if (identity != null) save(identity);
  }

  /** Whoever comes next is somebody else, unless storage knows better. */
  void forget() {
    identity = null;
  }

  static String newId() {
    return UUID.randomUUID().toString();
  }

  private void take(String text) {
    Identity stored = text == null ? null : Identity.parse(text);
    if (isUnsaved) return;
    if (stored != null) identity = stored;
    else saveAgain();
  }
}
