package mtspace.made.runtime;

import java.io.PrintStream;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import mtspace.made.Mtribes;
import mtspace.made.collection.PageCollection;

/** Prints what the entities of a made Space hold. */
public final class ReadMade {
  private ReadMade() {}

  public static void main(String[] arguments) throws Exception {
    PageCollection page = Mtribes.collections.page();
    List<Object> read = new ArrayList<>();
    for (Method method : PageCollection.class.getMethods()) {
      if (!Experience.class.isAssignableFrom(method.getReturnType())) continue;
      Experience<?> of = (Experience<?>) method.invoke(page);
      Object properties = Json.normalise(of.properties().asMap());
      Object defaults = Json.normalise(of.defaults().asMap());
      read.add(
          Json.object(
              "kind",
              of.kind(),
              "member",
              method.getName(),
              "properties",
              properties,
              "defaults",
              defaults));
    }
    List<Object> items = new ArrayList<>();
    for (SectionItem each : page.everything().items()) {
      ExperienceItem<?> item = each.experience();
      Object properties = Json.normalise(item.properties().asMap());
      items.add(Json.object("kind", item.kind(), "id", item.id(), "properties", properties));
    }
    PrintStream output = new PrintStream(System.out, true, "UTF-8");
    output.println(Json.write(Json.object("read", read, "items", items)));
  }
}
