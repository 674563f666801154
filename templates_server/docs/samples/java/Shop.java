package app;

import java.io.File;
import mtspace.vod.Mtribes;
import mtspace.vod.experience.Banner;
import mtspace.vod.experience.Carousel;
import mtspace.vod.experience.Hero;
import mtspace.vod.runtime.FileStorage;
import mtspace.vod.runtime.Pair;
import mtspace.vod.runtime.SessionStatus;
import mtspace.vod.runtime.StartOptions;
import mtspace.vod.section.HomepageBodySection;

/**
 * A store that prints its homepage: {@code java app.Shop pk_... https://mtribes.example.com u1}.
 */
public final class Shop {
  private Shop() {}

  public static void main(String[] arguments) {
    Mtribes.initialize(arguments[0], new FileStorage(new File("shop-data")));
    Mtribes.client.setHost(arguments[1]);
    SessionStatus status = Mtribes.session.startAndWait(new StartOptions(arguments[2]));
    System.out.println("The session is " + status.text() + ".");
    for (HomepageBodySection.Item item : Mtribes.collections.homepage().body().items()) {
      if (!item.enabled()) continue;
      System.out.println(item.accept(new Line()));
      item.experience().track("item/seen", new Pair("id", item.id()));
    }
    Mtribes.close();
  }

  /** One line for each kind of item: a kind that is left out does not compile. */
  private static final class Line implements HomepageBodySection.Visitor<String> {
    @Override
    public String visitBanner(Banner.Item item) {
      return "[ " + item.properties().label() + " ]";
    }

    @Override
    public String visitCarousel(Carousel.Item item) {
      return item.properties().heading() + ": " + item.properties().titleIds();
    }

    @Override
    public String visitHero(Hero.Item item) {
      return "*** " + item.properties().title() + " ***";
    }
  }
}
