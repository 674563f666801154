package app;

import java.io.File;
import java.util.Collections;
import java.util.Date;
import java.util.List;
import java.util.Map;
import mtspace.vod.Events;
import mtspace.vod.Fields;
import mtspace.vod.Mtribes;
import mtspace.vod.Space;
import mtspace.vod.experience.Banner;
import mtspace.vod.experience.Carousel;
import mtspace.vod.experience.Header;
import mtspace.vod.experience.Hero;
import mtspace.vod.runtime.Color;
import mtspace.vod.runtime.FileStorage;
import mtspace.vod.runtime.Pair;
import mtspace.vod.runtime.SessionFailure;
import mtspace.vod.runtime.SessionStatus;
import mtspace.vod.runtime.SpaceOptions;
import mtspace.vod.runtime.StartOptions;
import mtspace.vod.runtime.Subscription;
import mtspace.vod.section.HomepageBodySection;

/** An app that uses everything; it serves a test's states, and prints what it sees. */
public final class Consumer {
  private Consumer() {}

  public static void main(String[] arguments) {
    File folder = new File(arguments[0]);
    Mtribes.initialize("", new FileStorage(folder));
    Mtribes.client.setHost("http://127.0.0.1:1");
    Mtribes.client.setAppVersion("2.3.1");
    Mtribes.client.setAppBuild("4711");
    Mtribes.client.setWaitTimeMsec(10);
    Mtribes.client.setSessionLock(false);
    Mtribes.client.setTracking(false);
    Mtribes.client.setExecutor(Runnable::run);
    Mtribes.client.setLogger((message, cause) -> {});
    Mtribes.client.setActive(false);
    Mtribes.client.setActive(true);
    Mtribes.client.networkIsBack();
    Fields fields =
        Fields.builder()
            .campaign("spring")
            .cartTotal(12)
            .isMember(true)
            .plan(Fields.Plan.GOLD)
            .build();
    Mtribes.session.start();
    Mtribes.session.start(new StartOptions("u1"));
    Mtribes.session.start(new StartOptions("u1", fields));
    Mtribes.session.start(new StartOptions(null, fields), Consumer::tell);
    Mtribes.session.start(new StartOptions("u1", Collections.singletonMap("plan", "gold"), "sig"));
    Color background = Mtribes.collections.homepage().header().properties().background();
    System.out.println("default " + background.value() + " " + Mtribes.session.status().text());
    Mtribes.session.end();
    Mtribes.close();

    Map<String, Object> header = Collections.singletonMap("sticky", false);
    Map<String, Object> properties = Collections.singletonMap("properties", header);
    try (Space test =
        Mtribes.createSpace(
            SpaceOptions.test(Collections.singletonMap("homepage.header", properties)).build())) {
      show(test);
    }
  }

  private static void show(Space space) {
    Header header = space.collections.homepage().header();
    boolean sticky = header.properties().sticky();
    boolean usually = header.defaults().sticky();
    System.out.println("header " + header.enabled() + " " + sticky + " " + usually);
    Banner.Properties welcome = space.collections.onboarding().welcome().properties();
    String label = welcome.label();
    Double discount = welcome.discountPercent();
    Date endsAt = welcome.endsAt();
    System.out.println("welcome " + label + " " + discount + " " + endsAt);
    List<HomepageBodySection.Item> items = space.collections.homepage().body().items();
    for (HomepageBodySection.Item item : items) {
      System.out.println(item.id() + ": " + item.accept(new Painter()) + ", " + name(item));
    }
    try (Subscription listening = header.onChange(() -> System.out.println("never"))) {
      header.track("header/seen", new Pair("a", "1"), new Pair("b", "2"), new Pair("c", "3"));
      header.track(Events.itemClicked().build());
      items.get(0).experience().track(Events.searchDone().isFirst(true).results(12).build());
      space.session.track(
          Events.videoCompleted()
              .title("Parasite")
              .genre(Events.VideoCompleted.Genre.DRAMA)
              .build());
      space.session.track("item/clicked");
      System.out.println("listening " + (listening != null));
    }
    SessionStatus status = space.session.startAndWait(new StartOptions("u1"));
    SessionFailure failure = space.session.failure();
    System.out.println(status + " " + failure + " " + space.session.unknown());
    System.out.println("snapshot " + (space.session.snapshot() != null));
  }

  private static String name(HomepageBodySection.Item item) {
    switch (item.kind()) {
      case HERO:
        Hero.Item hero = item.asHero();
        return hero.properties().layout() == Hero.Layout.FULL_WIDTH ? "wide" : "narrow";
      case CAROUSEL:
        return "columns " + item.asCarousel().properties().columns();
      default:
        return "no hero " + item.asHero();
    }
  }

  private static void tell(SessionStatus status) {
    System.out.println("started " + status.text());
  }

  private static final class Painter implements HomepageBodySection.Visitor<String> {
    @Override
    public String visitBanner(Banner.Item item) {
      return item.properties().label();
    }

    @Override
    public String visitCarousel(Carousel.Item item) {
      return String.valueOf(item.properties().titleIds());
    }

    @Override
    public String visitHero(Hero.Item item) {
      return item.properties().title() + " " + item.properties().source();
    }
  }
}
