package app;

import mtspace.vod.Events;
import mtspace.vod.Fields;
import mtspace.vod.Mtribes;
import mtspace.vod.experience.Banner;
import mtspace.vod.experience.Carousel;
import mtspace.vod.runtime.SpaceOptions;
import mtspace.vod.runtime.StartOptions;
import mtspace.vod.section.HomepageBodySection;

/** Every line that ends in "no" is a mistake. */
class Mistakes {
  void make() {
    Mtribes.initialize(); // no
    Mtribes.initialize(null); // no
    Mtribes.session.start("u1"); // no
    Mtribes.session.start(new StartOptions()); // no
    Mtribes.session.start(new StartOptions("u1", Fields.builder())); // no
    Mtribes.createSpace(SpaceOptions.builder().build()); // no
    Mtribes.collections.homepage().heder(); // no
    boolean value = Mtribes.collections.homepage().header().properties().background(); // no
    Mtribes.collections.homepage().body().properties(); // no
    Mtribes.session.track(Events.videoCompleted().build()); // no
    Mtribes.session.track(Events.videoCompleted().genre(Events.VideoCompleted.Genre.DRAMA).build()); // no
    Mtribes.session.track(Events.videoCompleted().title("Parasite").genre("Drama").build()); // no
    Mtribes.session.track(Events.videoComplete().build()); // no
    Mtribes.session.track(Events.searchDone().results("12").build()); // no
    Fields.builder().campain("spring").build(); // no
    Fields.builder().plan("gold").build(); // no
    Fields.builder().build().given.clear(); // no
  }

  static final class Painter implements HomepageBodySection.Visitor<String> { // no
    public String visitBanner(Banner.Item item) {
      return item.properties().label();
    }

    public String visitCarousel(Carousel.Item item) {
      return item.properties().heading();
    }
  }
}
