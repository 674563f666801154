extension Mtribes {
  /// How a space is made; what is left out can be set later.
  public struct SpaceOptions: Sendable {
    public var host: String?
    public var storage: SpaceStorage?
    public var appVersion: String?
    public var appBuild: String?
    public var waitTimeMsec: Int?
    public var sessionLock: Bool?
    public var tracking: Bool?
    public var logger: Logger?
    public var executor: Executor?
    /// What `session.snapshot()` gave elsewhere: it is shown at once.
    public var bootstrap: Snapshot?
    /// For tests: what is served. What is left out falls back. Nothing goes over the network.
    public var states: TestStates?

    public init(
      host: String? = nil, storage: SpaceStorage? = nil, appVersion: String? = nil,
      appBuild: String? = nil, waitTimeMsec: Int? = nil, sessionLock: Bool? = nil,
      tracking: Bool? = nil, logger: Logger? = nil, executor: Executor? = nil,
      bootstrap: Snapshot? = nil, states: TestStates? = nil
    ) {
      self.host = host
      self.storage = storage
      self.appVersion = appVersion
      self.appBuild = appBuild
      self.waitTimeMsec = waitTimeMsec
      self.sessionLock = sessionLock
      self.tracking = tracking
      self.logger = logger
      self.executor = executor
      self.bootstrap = bootstrap
      self.states = states
    }
  }

  /// What a test has served, by entity and raw keys: `["homepage.header": ["properties": ["title": "T"]]]`.
  public struct TestStates: ExpressibleByDictionaryLiteral, Sendable {
    let states: JsonObject

    public init(_ states: [String: Any]) {
      let all = states.sorted { $0.key < $1.key }
      self.states = JsonObject(all.map { ($0.key, testValue($0.value)) })
    }

    public init(dictionaryLiteral states: (String, Any)...) {
      self.states = JsonObject(states.map { ($0.0, testValue($0.1)) })
    }
  }

  /// A space in an app: its client, its session, the entities of its collections, and its end.
  public final class Space: Sendable {
    /// Which environment and server, and how sessions behave.
    public let client: Client
    /// One run of the app for one person.
    public let session: Session
    /// What the app shows.
    public let collections: Collections
    private let runner: Runner

    /// On another platform than this one in tests.
    init(platform: Platform = Platform()) {
      let runner = Runner(spaceKey: spaceKey, host: host, code: code, platform: platform)
      self.runner = runner
      client = Client(runner)
      session = Session(runner)
      collections = Collections(EntitySource(runner: runner, fallbacks: fallbacks))
    }

    /// Sends the recorded events and lets go of timers and connections. What is shown stays.
    public func close(completion: (@Sendable () -> Void)? = nil) {
      runner.close { [runner] in runner.callBack(completion) }
    }

    /// Sends the recorded events and lets go of timers and connections. What is shown stays.
    @available(macOS 10.15, iOS 13.0, tvOS 13.0, watchOS 6.0, *)
    public func close() async {
      await runner.wait { self.runner.close($0) }
    }

    /// Takes what is given; the key is the last, so that all else is there when it is.
    func apply(_ apiKey: String, _ options: SpaceOptions) {
      runner.context.gate.enter {
        if let logger = options.logger { client.logger = logger }
        if let executor = options.executor { client.executor = executor }
        if let states = options.states { runner.test(complete(states.states)) }
        if let storage = options.storage { client.storage = storage }
        if let version = options.appVersion { client.appVersion = version }
        if let build = options.appBuild { client.appBuild = build }
        if let host = options.host { client.host = host }
        if let wait = options.waitTimeMsec { client.waitTimeMsec = wait }
        if let lock = options.sessionLock { client.sessionLock = lock }
        if let tracking = options.tracking { client.tracking = tracking }
        client.apiKey = apiKey
        if let bootstrap = options.bootstrap, options.states == nil { runner.resume(bootstrap) }
      }
    }

    /// What a test says, filled in from the fallbacks.
    private func complete(_ given: JsonObject) -> JsonObject {
      let known = runner.entityKeys
      return JsonObject(
        given.keys.map { entity in
          if !known.contains(entity) { runner.context.log("no entity \(describe(entity))") }
          let fallback = fallbacks[entity].flatMap { try? JsonParser.parse($0).asObject() }
          return (entity, completeState(fallback, given[entity] ?? .null))
        })
    }
  }

  /// Holds the default space, which is made at first use.
  final class DefaultSpace: @unchecked Sendable {
    static let shared = DefaultSpace()
    private let lock = NSLock()
    private var made: Space?

    var space: Space {
      lock.lock()
      defer { lock.unlock() }
      let space = made ?? Space()
      made = space
      return space
    }

    /// For tests, which begin with one of their own.
    func replace(_ space: Space) {
      lock.lock()
      defer { lock.unlock() }
      made = space
    }
  }

  /// The default space: `client`, `session` and `collections` are its own.
  public static var space: Space { DefaultSpace.shared.space }

  /// Which environment and server, and how sessions behave, of the default space.
  public static var client: Client { space.client }

  /// One run of the app for one person, of the default space.
  public static var session: Session { space.session }

  /// What the app shows, of the default space.
  public static var collections: Collections { space.collections }

  /// Says which environment the default space is of: the public key `pk_...`, and what differs from the usual.
  public static func initialize(apiKey: String, options: SpaceOptions = SpaceOptions()) {
    space.apply(apiKey, options)
  }

  /// Makes a space of its own, such as one for each person that a server serves, or for each test.
  public static func createSpace(apiKey: String, options: SpaceOptions = SpaceOptions()) -> Space {
    let space = Space()
    space.apply(apiKey, options)
    return space
  }
}

private func completeState(_ fallback: Mtribes.JsonObject?, _ given: Mtribes.Json) -> Mtribes.Json {
  guard case .object(let state) = given else { return given }
  var complete = fallback ?? Mtribes.JsonObject()
  complete["enabled"] = .bool(true)
  for key in state.keys {
    complete[key] = state[key]
  }
  if case .object(let defaults)? = fallback?["properties"],
    case .object(let properties)? = state["properties"]
  {
    var all = defaults
    for key in properties.keys {
      all[key] = properties[key]
    }
    complete["properties"] = .object(all)
  }
  if case .list(let items)? = state["items"] {
    complete["items"] = .list(items.enumerated().map { completeItem($0.element, at: $0.offset) })
  }
  return .object(complete)
}

private func completeItem(_ given: Mtribes.Json, at place: Int) -> Mtribes.Json {
  guard case .object(let item) = given else { return given }
  var complete = Mtribes.JsonObject([
    ("id", .text(String(place))), ("enabled", .bool(true)),
    ("properties", .object(Mtribes.JsonObject())),
  ])
  for key in item.keys {
    complete[key] = item[key]
  }
  return .object(complete)
}

/// A value of a test's states as the server would send it.
private func testValue(_ given: Any) -> Mtribes.Json {
  if let object = given as? [String: Any] {
    let all = object.sorted { $0.key < $1.key }
    return .object(Mtribes.JsonObject(all.map { ($0.key, testValue($0.value)) }))
  }
  if let list = given as? [Any] { return .list(list.map(testValue)) }
  if let date = given as? Date {
    return .text(timestamp(ofMilliseconds: date.timeIntervalSince1970 * 1000))
  }
  return fieldValue(given) ?? .null
}
