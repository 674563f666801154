// What the reference Space's generated code gives, with the raw keys of the model.
import Foundation

func color(_ color: Mtribes.Color) -> Json {
  object(["value": orNull(color.value), "opacity": .number(color.opacity)])
}

func time(_ date: Date?) -> Json {
  let formatter = ISO8601DateFormatter()
  formatter.formatOptions.insert(.withFractionalSeconds)
  return orNull(date.map(formatter.string))
}

func raw(_ of: Mtribes.HeaderProperties) -> Json {
  object([
    "background": color(of.background), "gradient": color(of.gradient), "sticky": .bool(of.sticky),
  ])
}

func raw(_ of: Mtribes.HeroProperties) -> Json {
  object([
    "layout": .text(of.layout.rawValue), "link": orNull(of.link), "source": orNull(of.source),
    "title": .text(of.title),
  ])
}

func raw(_ of: Mtribes.CarouselProperties) -> Json {
  object([
    "autoplay": .bool(of.autoplay), "columns": .number(of.columns), "heading": orNull(of.heading),
    "title-ids": texts(of.titleIds),
  ])
}

func raw(_ of: Mtribes.BannerProperties) -> Json {
  object([
    "discount-percent": orNull(of.discountPercent), "ends-at": time(of.endsAt),
    "label": .text(of.label),
  ])
}

func experience<Properties>(
  _ of: Mtribes.Experience<Properties>, _ raw: @escaping (Properties) -> Json
) -> Json {
  let state: (Mtribes.ExperienceState<Properties>) -> Json = {
    object(["enabled": .bool($0.enabled), "properties": raw($0.properties)])
  }
  return object([
    "enabled": .bool(of.enabled), "properties": raw(of.properties), "defaults": raw(of.defaults),
    "fallback": state(of.fallback), "initial": state(of.initial),
  ])
}

func item(_ of: Mtribes.HomepageBodyElement) -> Json {
  switch of {
  case .banner(let banner): return item(banner, raw)
  case .carousel(let carousel): return item(carousel, raw)
  case .hero(let hero): return item(hero, raw)
  }
}

func item<Properties>(_ of: Mtribes.Item<Properties>, _ raw: (Properties) -> Json) -> Json {
  object([
    "kind": .text(of.kind), "id": .text(of.id), "enabled": .bool(of.enabled),
    "properties": raw(of.properties),
  ])
}

func section(_ of: Mtribes.HomepageBodySection) -> Json {
  let state: (Mtribes.SectionState<Mtribes.HomepageBodyElement>) -> Json = {
    object(["enabled": .bool($0.enabled), "items": .list($0.items.map(item))])
  }
  return object([
    "enabled": .bool(of.enabled), "items": .list(of.items.map(item)),
    "fallback": state(of.fallback),
    "initial": state(of.initial),
  ])
}

func read(_ space: Mtribes.Space, _ entity: String) throws -> Json {
  switch entity {
  case "homepage.header": return experience(space.collections.homepage.header, raw)
  case "homepage.body": return section(space.collections.homepage.body)
  case "onboarding.welcome": return experience(space.collections.onboarding.welcome, raw)
  default: throw Failing(what: "no entity \(entity)")
  }
}

func observe(
  _ space: Mtribes.Space, _ to: String, _ call: @escaping @Sendable () throws -> Void
) throws -> Mtribes.Stop {
  switch to {
  case "session": return space.session.onChange(call)
  case "homepage.header": return space.collections.homepage.header.onChange(call)
  case "homepage.body": return space.collections.homepage.body.onChange(call)
  case "onboarding.welcome": return space.collections.onboarding.welcome.onChange(call)
  default: throw Failing(what: "no entity \(to)")
  }
}

struct Tracker {
  let named: (String, Mtribes.Pair?, Mtribes.Pair?, Mtribes.Pair?) -> Void
  let modelled: (Mtribes.ModelledEvent) -> Void
}

func tracker(_ space: Mtribes.Space, _ of: String?) throws -> Tracker {
  switch of {
  case nil: return Tracker(named: space.session.track, modelled: space.session.track)
  case "homepage.header":
    let header = space.collections.homepage.header
    return Tracker(named: header.track, modelled: header.track)
  case let place?:
    guard place.hasPrefix("homepage.body["), let at = Int(place.dropFirst(14).dropLast()) else {
      throw Failing(what: "nothing is tracked of \(place)")
    }
    switch space.collections.homepage.body.items[at] {
    case .banner(let item): return Tracker(named: item.track, modelled: item.track)
    case .carousel(let item): return Tracker(named: item.track, modelled: item.track)
    case .hero(let item): return Tracker(named: item.track, modelled: item.track)
    }
  }
}

/// An event of the model, made as an app makes it.
func modelledEvent(_ name: String, _ metadata: [Json]) throws -> Mtribes.ModelledEvent {
  var given = JsonObject()
  for pair in metadata { given[try pair.asList()[0].asText()] = try pair.asList()[1] }
  let numberOf: (Json?) -> Double? = {
    number($0) ?? (try? $0?.asObject()["number"]?.asText()).flatMap { Double($0) }
  }
  switch name {
  case "video/completed":
    let genre = text(given["genre"]).flatMap { Events.VideoCompleted.Genre(rawValue: $0) }
    return Events.videoCompleted(title: text(given["title"]) ?? "", genre: genre)
  case "search/done":
    return Events.searchDone(
      isFirst: given["is-first"].map(isTrue), results: numberOf(given["results"]))
  default: throw Failing(what: "the model has no event \(name)")
  }
}
