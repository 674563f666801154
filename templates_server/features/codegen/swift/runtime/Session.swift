extension Mtribes {
  /// `idle`: not started. `starting`: asked, and still waiting. `served`: the server's answer is there.
  ///
  /// `fallback`: fallbacks are served, or what the same person was served before; `session.failure` says why, the start
  /// is tried again, and an answer makes it `served`.
  public enum SessionStatus: String, Sendable {
    case idle
    case starting
    case served
    case fallback
  }

  /// Why fallbacks are served: the key is missing, no time, no network, no usable answer, or refused.
  ///
  /// While the status is `served`: why changes do not come through.
  public enum SessionFailure: String, Sendable {
    case missingKey = "missing-key"
    case timeout
    case network
    case refused
    case server
    case nonsense
  }

  /// How a session is at one time.
  public struct SessionState: Equatable, Sendable {
    public let status: SessionStatus
    /// What is wrong; nil while nothing is.
    public let failure: SessionFailure?
    /// Which revision of the states is served; nil while none is.
    public let revision: String?
  }

  /// A session to go on with elsewhere: what one program shows, another one shows at once. It holds no secrets.
  public struct Snapshot: Sendable, Equatable {
    /// As JSON, to be kept or sent.
    public let json: String

    /// Any text may be given: what is no snapshot is refused with a log line.
    public init(json: String) {
      self.json = json
    }
  }

  /// A session's answer, or a change to it.
  struct Served {
    let session: String?
    let revision: String
    let states: JsonObject

    /// Nil for an answer that is none.
    init?(_ reply: Reply) {
      guard reply.status == 200, let json = try? JsonParser.parse(reply.text),
        let served = try? Served(json)
      else { return nil }
      self = served
    }

    init(_ json: Json) throws {
      let given = try json.asObject()
      let id = (try? given["session"]?.asText()).flatMap { $0.isEmpty ? nil : storable($0) }
      self.init(
        session: id, revision: try (given["revision"] ?? .null).asScalar(),
        states: try (given["states"] ?? .null).asObject())
    }

    init(session: String?, revision: String, states: JsonObject) {
      self.session = session
      self.revision = revision
      self.states = states
    }
  }

  /// One run of the app for one person.
  public final class Session: Sendable {
    private let runner: Runner

    init(_ runner: Runner) {
      self.runner = runner
    }

    public var status: SessionStatus { state.status }
    /// What is wrong; nil while nothing is.
    public var failure: SessionFailure? { state.failure }
    /// Which revision of the states is served; nil while none is.
    public var revision: String? { state.revision }
    /// Status, failure and revision at one time.
    public var state: SessionState { runner.state }
    /// What was served and this code could not use, such as `homepage.body[1].layout: "tall"`.
    public var unknown: [String] { runner.unknown }

    /// Begins a session, ending the one before it, and calls when it goes on: served, or with fallbacks.
    public func start(
      options: StartOptions = StartOptions(), completion: (@Sendable (SessionStatus) -> Void)? = nil
    ) {
      runner.start(options) { [runner] in
        if let call = completion { runner.callBack { call(runner.state.status) } }
      }
    }

    /// Begins a session, ending the one before it, and returns when it goes on: served, or with fallbacks.
    @available(macOS 10.15, iOS 13.0, tvOS 13.0, watchOS 6.0, *)
    @discardableResult
    public func start(options: StartOptions = StartOptions()) async -> SessionStatus {
      await runner.wait { self.runner.start(options, $0) }
      return status
    }

    // begin: any event
    /// Records an event such as `item/clicked` of the person who is there now.
    public func track(_ name: String, pair1: Pair? = nil, pair2: Pair? = nil, pair3: Pair? = nil) {
      runner.record(name, [pair1, pair2, pair3].metadata, [])
    }

    // end: any event
    /// Records an event of the model: `track(Events.…)`.
    public func track(_ event: ModelledEvent) {
      runner.record(event.name, event.metadata, [])
    }

    /// Sends the recorded events now instead of in a second, and calls when that is done or has failed.
    public func flush(completion: (@Sendable () -> Void)? = nil) {
      runner.flush { [runner] in runner.callBack(completion) }
    }

    /// Sends the recorded events now instead of in a second, and returns when that is done or has failed.
    @available(macOS 10.15, iOS 13.0, tvOS 13.0, watchOS 6.0, *)
    public func flush() async {
      await runner.wait { self.runner.flush($0) }
    }

    /// Ends the session and sends the recorded events; fallbacks are served from here on.
    public func end(completion: (@Sendable () -> Void)? = nil) {
      runner.end { [runner] in runner.callBack(completion) }
    }

    /// Ends the session and sends the recorded events; fallbacks are served from here on.
    @available(macOS 10.15, iOS 13.0, tvOS 13.0, watchOS 6.0, *)
    public func end() async {
      await runner.wait { self.runner.end($0) }
    }

    /// Calls the listener after `state` has changed, until the returned function is called.
    @discardableResult
    public func onChange(_ listener: @escaping @Sendable () throws -> Void) -> Stop {
      runner.listeners.add(listener)
    }

    /// What is shown now, for `bootstrap` of another space; nil before anything was served.
    public func snapshot() -> Snapshot? {
      runner.snapshot()
    }

    /// Starts a session for this user.
    @available(
      *, deprecated, renamed: "start(options:)",
      message: "Until 1.0. Use start(options: StartOptions(userId: userId, fields: fields))."
    )
    public func identify(_ userId: String, fields: [String: Any]? = nil) {
      start(options: StartOptions(userId: userId, fields: fields), completion: nil)
    }

    /// Starts a session for a visitor.
    @available(
      *, deprecated, renamed: "start(options:)",
      message: "Until 1.0. Use start(options: StartOptions(fields: fields))."
    )
    public func anonymize(fields: [String: Any]? = nil) {
      start(options: StartOptions(fields: fields), completion: nil)
    }
  }
}
