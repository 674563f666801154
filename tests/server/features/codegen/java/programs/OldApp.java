package app;

import java.util.Collections;
import mtspace.vod.Mtribes;

class OldApp {
  void run() {
    Mtribes.session.identify("u1", Collections.singletonMap("plan", "gold")); // old
    Mtribes.session.anonymize(null); // old
  }
}
