// A video store in the terminal: starts a session, shows the homepage, follows changes and tracks what is watched.
import Foundation

@main
enum VodApp {
  static func main() async {
    let environment = ProcessInfo.processInfo.environment
    let folder = URL(fileURLWithPath: NSTemporaryDirectory()).appendingPathComponent("vod-app")
    Mtribes.initialize(
      apiKey: environment["MTRIBES_API_KEY"] ?? "",
      options: Mtribes.SpaceOptions(
        host: environment["MTRIBES_HOST"], storage: Mtribes.FileStorage(folder: folder),
        appVersion: "1.0.0", sessionLock: false))

    let options = StartOptions(userId: environment["USER_ID"], fields: ["campaign": "spring"])
    let status = await Mtribes.session.start(options: options)
    print("session: \(status.rawValue)")
    show()

    let stop = Mtribes.collections.homepage.body.onChange { show() }
    Mtribes.collections.homepage.header.track("homepage/shown")
    await Mtribes.session.flush()
    stop()
    await Mtribes.space.close()
  }

  static func show() {
    let homepage = Mtribes.collections.homepage
    if homepage.header.enabled {
      let background = homepage.header.properties.background
      print("header on \(background.value ?? "no color") at \(background.opacity)")
    }
    for item in homepage.body.items {
      print(line(item))
    }
  }

  /// One line for each kind of item: the compiler finds a kind that is missing.
  static func line(_ item: Mtribes.HomepageBodyElement) -> String {
    switch item {
    case .hero(let hero): return "hero: \(hero.properties.title), \(hero.properties.layout.rawValue)"
    case .carousel(let carousel):
      return "carousel: \(carousel.properties.titleIds.joined(separator: ", "))"
    case .banner(let banner):
      let end = banner.properties.endsAt.map { " until \($0.timeIntervalSince1970)" }
      return "banner: \(banner.properties.label)\(end ?? "")"
    }
  }
}
