package app;

import mtspace.vod.Events;
import mtspace.vod.Mtribes;
import mtspace.vod.experience.Header;
import mtspace.vod.runtime.Event;
import mtspace.vod.runtime.Pair;
import mtspace.vod.section.HomepageBodySection;

/** Every line that ends in "no" is a mistake where the model's events are the only ones. */
class ModelledAlone {
  void track(Header header, HomepageBodySection.Item item) {
    Mtribes.session.track(Events.itemClicked().build());
    header.track(Events.videoCompleted().title("Parasite").genre(Events.VideoCompleted.Genre.DRAMA).build());
    item.experience().track(Events.searchDone().results(5).build());
    Mtribes.session.track("item/clicked"); // no
    header.track("item/clicked"); // no
    item.experience().track("item/clicked"); // no
    Mtribes.session.track("item/clicked", new Pair("title", "Parasite")); // no
    Mtribes.session.track(Events.itemClicked().build(), new Pair("title", "Parasite")); // no
    Mtribes.session.track(new Event("item/clicked")); // no
    Mtribes.session.track(new Event("item/clicked", new java.util.HashMap<>())); // no
  }
}
