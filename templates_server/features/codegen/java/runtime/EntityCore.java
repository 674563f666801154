package mtspace.runtime;

import java.util.List;
import java.util.Map;

/** For generated code: what the entities of a Space are made of. */
public final class EntityCore {
  private final SpaceEngine engine;
  final String entity;

  EntityCore(SpaceEngine engine, String entity) {
    this.engine = engine;
    this.entity = entity;
  }

  <P extends ExperienceProperties> Layers<ExperienceState<P>> experience(ExperienceType<P> type) {
    ExperienceState<P> nothing = new ExperienceState<>(false, type.defaults);
    return engine.layers(
        entity,
        nothing,
        (wire, otherwise, note) -> {
          Map<String, Object> state = Json.asObject(wire);
          boolean enabled = readEnabled(state, otherwise.enabled(), entity, note);
          return new ExperienceState<>(
              enabled, type.read(Json.member(state, "properties"), entity, note));
        });
  }

  <I> Layers<SectionState<I>> section(ItemMaker<I> maker) {
    return engine.layers(
        entity,
        new SectionState<>(false, java.util.Collections.<I>emptyList()),
        (wire, otherwise, note) -> {
          Map<String, Object> state = Json.asObject(wire);
          List<I> items = new ItemReader<>(this, maker, note).read(Json.member(state, "items"));
          boolean enabled = readEnabled(state, otherwise.enabled(), entity, note);
          return new SectionState<>(enabled, items == null ? otherwise.items() : items);
        });
  }

  /** Records an event of this entity, or of an item in it. */
  void track(Event event, Map<String, Object> data) {
    engine.record(event, entity, data);
  }

  static boolean readEnabled(
      Map<String, Object> state, boolean otherwise, String place, Note note) {
    Object enabled = Json.member(state, "enabled");
    if (enabled instanceof Boolean) return (Boolean) enabled;
    note.unusable(place + ".enabled", enabled);
    return otherwise;
  }
}
