package mtspace.runtime;

import java.util.Map;

/** For generated code: what an item of a section is made of. */
public final class ItemCore {
  final ExperienceType<?> type;
  final String id;
  final boolean enabled;
  final ExperienceProperties properties;
  private final EntityCore section;

  ItemCore(
      EntityCore section,
      ExperienceType<?> type,
      String id,
      boolean enabled,
      ExperienceProperties properties) {
    this.section = section;
    this.type = type;
    this.id = id;
    this.enabled = enabled;
    this.properties = properties;
  }

  /** Returns the kind of the item. */
  public String kind() {
    return type.kind;
  }

  void track(Event event) {
    Map<String, Object> data = Json.object("item", id, "experience", type.kind);
    section.track(event, data);
  }

  @Override
  public boolean equals(Object other) {
    if (!(other instanceof ItemCore)) return false;
    ItemCore item = (ItemCore) other;
    return type == item.type
        && id.equals(item.id)
        && enabled == item.enabled
        && properties.equals(item.properties);
  }

  @Override
  public int hashCode() {
    return 31 * id.hashCode() + properties.hashCode();
  }
}
