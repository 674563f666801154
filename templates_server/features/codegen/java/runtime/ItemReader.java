package mtspace.runtime;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * Reads the items of a section; those of a kind that this code was generated without are left out.
 */
final class ItemReader<I> {
  private final EntityCore core;
  private final ItemMaker<I> maker;
  private final Note note;

  ItemReader(EntityCore core, ItemMaker<I> maker, Note note) {
    this.core = core;
    this.maker = maker;
    this.note = note;
  }

  /** The items; null for what is no list. */
  List<I> read(Object wire) {
    if (!(wire instanceof List)) {
      note.unusable(core.entity + ".items", wire);
      return null;
    }
    List<I> items = new ArrayList<>();
    List<Object> list = Json.asArray(wire);
    for (int at = 0; at < list.size(); at += 1) {
      I item = readItem(list.get(at), core.entity + "[" + at + "]");
      if (item != null) items.add(item);
    }
    return Collections.unmodifiableList(items);
  }

  /** Null for an item that cannot be shown. */
  private I readItem(Object value, String place) {
    if (!(value instanceof Map)) {
      note.unusable(place, value);
      return null;
    }
    Map<String, Object> wire = Json.asObject(value);
    Object kind = Json.member(wire, "experience");
    Object id = Json.member(wire, "id");
    ExperienceType<?> type = kind instanceof String ? maker.type((String) kind) : null;
    if (type == null) note.unusable(place + ".experience", kind);
    else if (!(id instanceof String)) note.unusable(place + ".id", id);
    else return maker.make(readCore(type, (String) id, wire, place));
    return null;
  }

  private ItemCore readCore(
      ExperienceType<?> type, String id, Map<String, Object> wire, String place) {
    boolean enabled = EntityCore.readEnabled(wire, false, place, note);
    ExperienceProperties properties = type.read(Json.member(wire, "properties"), place, note);
    return new ItemCore(core, type, id, enabled, properties);
  }
}
