extension Mtribes {
  /// A type of experience, as the code generated for it describes it.
  struct ExperienceType<Properties: Equatable & Sendable>: Sendable {
    let kind: String
    let read: @Sendable (PropertyReader) -> Properties

    init(_ kind: String, _ read: @escaping @Sendable (PropertyReader) -> Properties) {
      self.kind = kind
      self.read = read
    }
  }

  /// A type of experience that a section may have, and how its items stand among the others.
  struct ElementType<Element>: Sendable {
    let kind: String
    let read: @Sendable (JsonObject, ItemPlace) -> Element

    init<Properties>(
      _ type: ExperienceType<Properties>, _ wrap: @escaping @Sendable (Item<Properties>) -> Element
    ) {
      kind = type.kind
      read = { @Sendable wire, place in wrap(Item(type, wire, place)) }
    }
  }

  /// Where an item of a section stands.
  struct ItemPlace {
    let id: String
    let entity: String
    let place: String
    let record: Recorder
    let note: (String, Json?) -> Void
  }

  /// Records an event with the part of it that its place in the app decides.
  typealias Recorder = @Sendable (
    _ name: String, _ metadata: [(key: String, value: Json)], _ place: [(String, Json?)]
  ) -> Void

  /// What an experience shows at one time.
  public struct ExperienceState<Properties: Equatable & Sendable>: Equatable, Sendable {
    public let enabled: Bool
    public let properties: Properties
  }

  /// What a section shows at one time.
  public struct SectionState<Element: Equatable & Sendable>: Equatable, Sendable {
    public let enabled: Bool
    public let items: [Element]
  }

  /// An experience that is a child of a collection.
  public final class Experience<Properties: Equatable & Sendable>: Sendable {
    public let kind: String
    /// What the model says when nothing is served.
    public let defaults: Properties
    private let layers: Layers<ExperienceState<Properties>>
    private let entity: String
    private let runner: Runner

    init(
      _ type: ExperienceType<Properties>, _ entity: String, _ runner: Runner,
      _ layers: Layers<ExperienceState<Properties>>
    ) {
      kind = type.kind
      defaults = type.read(.defaults)
      self.entity = entity
      self.runner = runner
      self.layers = layers
    }

    public var enabled: Bool { state.enabled }
    /// What is served, the defaults filled in.
    public var properties: Properties { state.properties }
    /// All that is served.
    public var state: ExperienceState<Properties> { layers.read() }
    /// What this code holds itself, for when nothing is served.
    public var fallback: ExperienceState<Properties> { layers.fallback }
    /// What a first rendering shows: the state of `bootstrap`, else `fallback`.
    public var initial: ExperienceState<Properties> { layers.initial }

    /// Calls the listener after the state has changed, until the returned function is called.
    @discardableResult
    public func onChange(_ listener: @escaping @Sendable () throws -> Void) -> Stop {
      layers.onChange(listener)
    }

    // begin: any event
    /// Records an event such as `movie/watched` of this experience.
    public func track(_ name: String, pair1: Pair? = nil, pair2: Pair? = nil, pair3: Pair? = nil) {
      runner.record(name, [pair1, pair2, pair3].metadata, [("entity", .text(entity))])
    }

    // end: any event
    /// Records an event of the model: `track(Events.…)`.
    public func track(_ event: ModelledEvent) {
      runner.record(event.name, event.metadata, [("entity", .text(entity))])
    }
  }

  /// An experience in the list of a section.
  public struct Item<Properties: Equatable & Sendable>: Equatable, Sendable {
    public let kind: String
    public let id: String
    public let enabled: Bool
    /// What is served, the defaults filled in.
    public let properties: Properties
    /// What the model says when nothing is served.
    public var defaults: Properties { type.read(.defaults) }
    private let type: ExperienceType<Properties>
    private let entity: String
    private let record: Recorder

    init(_ type: ExperienceType<Properties>, _ wire: JsonObject, _ place: ItemPlace) {
      self.type = type
      kind = type.kind
      id = place.id
      entity = place.entity
      record = place.record
      let state = readExperience(type, wire, place.place, enabledOtherwise: false, place.note)
      enabled = state.enabled
      properties = state.properties
    }

    public static func == (one: Item, other: Item) -> Bool {
      one.kind == other.kind && one.id == other.id && one.enabled == other.enabled
        && one.properties == other.properties
    }

    // begin: any event
    /// Records an event such as `movie/watched` of this item.
    public func track(_ name: String, pair1: Pair? = nil, pair2: Pair? = nil, pair3: Pair? = nil) {
      record(name, [pair1, pair2, pair3].metadata, place)
    }

    // end: any event
    /// Records an event of the model: `track(Events.…)`.
    public func track(_ event: ModelledEvent) {
      record(event.name, event.metadata, place)
    }

    private var place: [(String, Json?)] {
      let data = JsonObject([("item", .text(id)), ("experience", .text(kind))])
      return [("entity", .text(entity)), ("data", .object(data))]
    }
  }

  /// A personalised list of experiences.
  public final class Section<Element: Equatable & Sendable>: Sendable {
    private let layers: Layers<SectionState<Element>>
    /// Its items record events for as long as this is there.
    private let runner: Runner

    init(_ layers: Layers<SectionState<Element>>, _ runner: Runner) {
      self.layers = layers
      self.runner = runner
    }

    public var enabled: Bool { state.enabled }
    public var items: [Element] { state.items }
    /// All that is served.
    public var state: SectionState<Element> { layers.read() }
    /// What this code holds itself, for when nothing is served.
    public var fallback: SectionState<Element> { layers.fallback }
    /// What a first rendering shows: the state of `bootstrap`, else `fallback`.
    public var initial: SectionState<Element> { layers.initial }

    /// Calls the listener after the state has changed, until the returned function is called.
    @discardableResult
    public func onChange(_ listener: @escaping @Sendable () throws -> Void) -> Stop {
      layers.onChange(listener)
    }
  }
}

extension Array where Element == Mtribes.Pair? {
  fileprivate var metadata: [(key: String, value: Mtribes.Json)] {
    compactMap { $0.map { ($0.key, .text($0.value)) } }
  }
}

private func readExperience<Properties>(
  _ type: Mtribes.ExperienceType<Properties>, _ wire: Mtribes.JsonObject, _ place: String,
  enabledOtherwise: Bool, _ note: @escaping (String, Mtribes.Json?) -> Void
) -> Mtribes.ExperienceState<Properties> {
  Mtribes.ExperienceState(
    enabled: readEnabled(wire, enabledOtherwise, place, note),
    properties: type.read(Mtribes.PropertyReader(wire["properties"], place: place, note: note)))
}

private func readEnabled(
  _ wire: Mtribes.JsonObject, _ otherwise: Bool, _ place: String, _ note: Note
) -> Bool {
  readOr(wire["enabled"], otherwise, "\(place).enabled", note) { try $0.asBool() }
}

/// The items of a section; those of a kind that this code was generated without are left out.
private func readItems<Element>(
  _ supports: [Mtribes.ElementType<Element>], _ list: [Mtribes.Json], _ entity: String,
  _ record: @escaping Mtribes.Recorder, _ note: @escaping (String, Mtribes.Json?) -> Void
) -> [Element] {
  list.enumerated().compactMap { at, item -> Element? in
    let place = "\(entity)[\(at)]"
    guard case .object(let wire) = item else {
      note(place, item)
      return nil
    }
    let kind = try? wire["experience"]?.asText()
    guard let known = kind, let type = supports.first(where: { isSame($0.kind, known) }) else {
      note("\(place).experience", wire["experience"])
      return nil
    }
    guard case .text(let id)? = wire["id"] else {
      note("\(place).id", wire["id"])
      return nil
    }
    return type.read(
      wire, Mtribes.ItemPlace(id: id, entity: entity, place: place, record: record, note: note))
  }
}

extension Mtribes {
  /// Makes the entities of a space.
  struct EntitySource {
    let runner: Runner
    let fallbacks: [String: String]

    /// The experience that is this child of a collection.
    func experience<Properties>(
      _ entity: String, _ type: ExperienceType<Properties>
    ) -> Experience<Properties> {
      let nothing = ExperienceState(enabled: false, properties: type.read(.defaults))
      let layers = Layers(runner.context, entity, nothing: nothing, fallback: fallbacks[entity]) {
        wire, otherwise, note in
        readExperience(type, try wire.asObject(), entity, enabledOtherwise: otherwise.enabled, note)
      }
      runner.add(entity, layers)
      return Experience(type, entity, runner, layers)
    }

    /// The section that is this child of a collection.
    func section<Element>(_ entity: String, _ supports: [ElementType<Element>]) -> Section<Element>
    where Element: Equatable & Sendable {
      let record: Recorder = { [weak runner] name, metadata, place in
        runner?.record(name, metadata, place)
      }
      let layers = Layers(
        runner.context, entity, nothing: SectionState<Element>(enabled: false, items: []),
        fallback: fallbacks[entity]
      ) { wire, otherwise, note in
        let state = try wire.asObject()
        let list = readOr(state["items"], nil, "\(entity).items", note) { value -> [Json]? in
          try value.asList()
        }
        return SectionState(
          enabled: readEnabled(state, otherwise.enabled, entity, note),
          items: list.map { readItems(supports, $0, entity, record, note) } ?? otherwise.items)
      }
      runner.add(entity, layers)
      return Section(layers, runner)
    }
  }
}
