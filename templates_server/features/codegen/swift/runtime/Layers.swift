extension Mtribes {
  /// What a space does with each of its entities, whatever that holds.
  protocol EntityLayers: AnyObject {
    /// What could not be used of the latest state.
    var unknown: [String] { get }
    /// What the server sent for what is shown; nil: the fallback is shown.
    var wire: Json? { get }
    /// Takes a new state; one that is none at all is as good as no answer.
    func serve(_ wire: Json)
    /// What is shown now is what a first rendering shows.
    func begin()
    /// The same person starts again: what is shown stays until there is something newer.
    func keep()
    func unlock()
    /// Nothing is served any more. What was read stays while the session locks.
    func drop()
    /// Calls the listeners if what they were told of last is no longer what is shown.
    func announce()
  }

  /// Reads a state that the server sent; `otherwise` stands in for what cannot be used.
  typealias Parse<State> = @Sendable (
    _ wire: Json, _ otherwise: State, _ note: @escaping (String, Json?) -> Void
  ) throws -> State

  /// Holds the layers of an entity's state, highest first: session lock, latest, the session before, fallback.
  final class Layers<State: Equatable & Sendable>: EntityLayers, @unchecked Sendable {
    private struct Layer {
      let state: State
      var wire: Json?
    }

    private let context: Context
    private let entity: String
    private let nothing: State
    private let readWire: Parse<State>
    private let fallbackText: String?
    private let listeners: Listeners<State>
    private var made: State?
    private var first: State?
    private var locked: Layer?
    private var latest: Layer?
    private var before: Layer?
    private(set) var unknown: [String] = []

    init(
      _ context: Context, _ entity: String, nothing: State, fallback: String?,
      read: @escaping Parse<State>
    ) {
      self.context = context
      self.entity = entity
      self.nothing = nothing
      fallbackText = fallback
      readWire = read
      listeners = Listeners(context, name: entity)
    }

    /// What this code holds itself; it is read when it is first needed.
    var fallback: State {
      context.gate.enter {
        if let known = made { return known }
        let wire = fallbackText.flatMap { try? JsonParser.parse($0) }
        let state = readOr(wire, nothing, entity, { _, _ in }) {
          try readWire($0, nothing) { _, _ in }
        }
        made = state
        return state
      }
    }

    var initial: State {
      context.gate.enter { first ?? fallback }
    }

    /// The state to show. While the session locks, it stays what it was when it was first read.
    func read() -> State {
      context.gate.enter {
        let layer = current
        if context.isLocking { locked = layer }
        return layer.state
      }
    }

    func onChange(_ call: @escaping @Sendable () throws -> Void) -> Stop {
      listeners.add(call)
    }

    private var current: Layer {
      locked ?? latest ?? before ?? Layer(state: fallback, wire: nil)
    }

    var wire: Json? { current.wire }

    func serve(_ wire: Json) {
      unknown = []
      let note: (String, Json?) -> Void = { [self] place, value in
        if value == nil && context.isTest { return }
        if unknown.count < Limit.unknownEntries { unknown.append(unknownEntry(place, value)) }
      }
      let state = readOr(wire, nil, entity, note) { given -> State? in
        try readWire(given, fallback, note)
      }
      latest = state.map { Layer(state: $0, wire: wire) }
      if let shown = locked, let state = state, shown.state == state { locked?.wire = wire }
      before = nil
    }

    func begin() {
      first = current.state
    }

    func keep() {
      before = locked ?? latest ?? before
      locked = nil
      latest = nil
    }

    func unlock() {
      locked = nil
    }

    func drop() {
      latest = nil
      before = nil
      unknown = []
      // Who was served the same may have had more than this code knows.
      if let shown = locked, shown.state == made { locked?.wire = nil }
    }

    func announce() {
      listeners.announce(current.state) { fallback }
    }
  }
}
