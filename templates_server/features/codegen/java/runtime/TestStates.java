package mtspace.runtime;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a test says, filled in from the fallbacks. */
final class TestStates {
  private final SpaceEngine engine;

  TestStates(SpaceEngine engine) {
    this.engine = engine;
  }

  Map<String, Object> complete(Map<String, ?> states) {
    Map<String, Object> complete = new LinkedHashMap<>();
    for (Map.Entry<String, ?> entry : states.entrySet()) {
      String entity = entry.getKey();
      if (!engine.entities.containsKey(entity)) {
        engine.log.log("no entity " + Texts.describe(entity), null);
      }
      complete.put(entity, complete(engine.fallbackOf(entity), Json.normalise(entry.getValue())));
    }
    return complete;
  }

  private static Object complete(Object fallback, Object value) {
    Map<String, Object> given = mapOf(value);
    Map<String, Object> own = mapOf(fallback);
    Map<String, Object> state = new LinkedHashMap<>(own);
    state.put("enabled", true);
    state.putAll(given);
    if (own.containsKey("properties")) {
      Map<String, Object> properties = new LinkedHashMap<>(mapOf(own.get("properties")));
      properties.putAll(mapOf(given.get("properties")));
      state.put("properties", properties);
    }
    if (given.get("items") instanceof List) {
      state.put("items", completeItems(Json.asArray(given.get("items"))));
    }
    return state;
  }

  private static List<Object> completeItems(List<Object> items) {
    for (int at = 0; at < items.size(); at += 1) {
      Map<String, Object> item =
          Json.object("id", String.valueOf(at), "enabled", true, "properties", Json.object());
      item.putAll(mapOf(items.get(at)));
      items.set(at, item);
    }
    return items;
  }

  private static Map<String, Object> mapOf(Object value) {
    return value instanceof Map ? Json.asObject(value) : Json.object();
  }
}
