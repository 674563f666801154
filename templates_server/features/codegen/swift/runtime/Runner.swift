extension Mtribes {
  /// Which generated code this is: the hash of all that it is made of.
  struct GeneratedCode: Sendable {
    let hash: String
    let language: String
  }

  /// An attempt to start a session: whatever began before another one is over.
  final class Turn: @unchecked Sendable {
    var stop: Stop?
    var finish: (@Sendable () -> Void)?
  }

  /// Runs the sessions of a space, one after the other.
  final class Runner: @unchecked Sendable {
    let context: Context
    let listeners: Listeners<SessionState>
    private let code: GeneratedCode
    private let identity: IdentityKeeper
    private let sender: Sender
    private let report: Report
    private let store: Store
    private let events: EventQueue
    private let pauses: Pauses
    private let follower: Follower
    private var entities: [(key: String, layers: EntityLayers)] = []
    private var revision: String?
    /// Who was started last, and has not ended.
    private var person: Person?
    private var anonymousId: String?
    /// What the server called their session.
    private var session: String?
    /// The key of the environment that it is of; "" before there is one.
    private var key = ""
    private var turn = Turn()
    private var stopRetry: Stop?
    /// What a test says that is served; then there is no server.
    private var states: JsonObject?
    /// The server has refused what sessions say besides: then they start without it.
    private var isBare = false
    private var isClosing = false
    private var isClosed = false
    private var closings: [@Sendable () -> Void] = []

    init(spaceKey: String, host: String, code: GeneratedCode, platform: Platform) {
      let info = Bundle.main.infoDictionary ?? [:]
      let settings = Settings(
        host: withoutTrailingSlashes(host), storage: FileStorage.ofApp(),
        appVersion: info["CFBundleShortVersionString"] as? String ?? "",
        appBuild: info["CFBundleVersion"] as? String ?? "")
      context = Context(spaceKey: spaceKey, platform: platform, settings: settings)
      self.code = code
      listeners = Listeners(context, name: "session")
      store = Store(context)
      identity = IdentityKeeper(store)
      sender = Sender(context)
      report = Report(context, store, codeHash: code.hash)
      pauses = Pauses(context)
      events = EventQueue(context, sender, pauses, store)
      follower = Follower(context, pauses)
      connectFollower()
    }

    func add(_ entity: String, _ layers: EntityLayers) {
      entities.append((entity, layers))
    }

    var state: SessionState { context.gate.enter { context.state } }

    var unknown: [String] { context.gate.enter { listUnknown() } }

    /// Calls on the app's executor.
    func callBack(_ call: (@Sendable () -> Void)?) {
      if let given = call { context.gate.enter { context.gate.callBack(given) } }
    }

    /// Returns when what it begins is done.
    @available(macOS 10.15, iOS 13.0, tvOS 13.0, watchOS 6.0, *)
    func wait(_ begin: (@escaping @Sendable () -> Void) -> Void) async {
      await withCheckedContinuation { continuation in
        begin { continuation.resume() }
      }
    }

    // What the app sets

    func setKey(_ text: String) {
      context.gate.enter {
        context.settings.apiKey = text.trimmingCharacters(in: .whitespacesAndNewlines)
        if isClosing { return }
        events.flush()
        if key.isEmpty { key = context.settings.apiKey }
        if context.state.failure == .missingKey && !context.destination.isEmpty { prime() }
      }
    }

    func setWaitTime(_ milliseconds: Int) {
      context.gate.enter {
        if milliseconds < 0 {
          return context.log("client.waitTimeMsec must be a number of milliseconds")
        }
        context.settings.waitTimeMsec = milliseconds
      }
    }

    func setLock(_ isLocked: Bool) {
      context.gate.enter {
        context.settings.sessionLock = isLocked
        follower.stop()
        if !isLocked { entities.forEach { $0.layers.unlock() } }
        let state = context.state
        conclude(state.status, state.status == .served ? nil : state.failure)
        follow()
      }
    }

    func setTracking(_ isOn: Bool) {
      context.gate.enter {
        if context.settings.tracking == isOn { return }
        context.settings.tracking = isOn
        if !isOn {
          store.clear()
          events.dropAll()
          report.put([])
        } else if !isClosing {
          identity.save()
          reportUnknown()
          events.restore()
        }
      }
    }

    func setActive(_ isActive: Bool) {
      context.gate.enter {
        context.settings.isActive = isActive
        if isClosing || states != nil { return }
        if isActive {
          pauses.hurry()
          follower.show()
        } else {
          events.leave()
          follower.hide()
        }
      }
    }

    func networkIsBack() {
      context.gate.enter {
        if isClosing || states != nil { return }
        pauses.hurry()
        follower.show()
      }
    }

    // What the app does

    func start(_ options: StartOptions, _ done: @escaping @Sendable () -> Void) {
      context.gate.enter {
        if isOver() { return context.gate.resume(done) }
        load()
        let next = context.readOptions(options)
        let isSame = isPerson(next) && key == context.settings.apiKey
        let before = anonymousId
        stop()
        person = next
        key = context.settings.apiKey
        guard let starting = next else {
          fallBack(.fallback, .refused)
          return context.gate.resume(done)
        }
        begin(starting, isSame: isSame, before, patiently(starting, done))
      }
    }

    /// Calls when the start has ended, or the time is over that the app waits for it.
    private func patiently(_ starting: Person, _ done: @escaping @Sendable () -> Void) -> @Sendable
    () -> Void {
      let isDone = Flag()
      let finish = { @Sendable [context] in
        if isDone.raise() { context.gate.resume(done) }
      }
      let stopTimer = context.after(Double(context.settings.waitTimeMsec)) {
        if self.person === starting && self.context.state.status == .starting {
          self.conclude(.fallback, .timeout)
        }
        finish()
      }
      return {
        stopTimer()
        finish()
      }
    }

    /// What the same person sees stays until there is something newer; a visitor who has signed in is another person.
    private func begin(
      _ starting: Person, isSame: Bool, _ before: String?, _ done: @escaping @Sendable () -> Void
    ) {
      if let given = states {
        anonymousId = newId()
        take(Served(session: nil, revision: "test", states: given))
        return done()
      }
      if isSame {
        entities.forEach { $0.layers.keep() }
        conclude(.starting)
      } else {
        fallBack(.starting)
      }
      let id = identity.id(for: starting)
      anonymousId = id
      if starting.userId == nil && before != id { fallBack(.starting) }
      if context.destination.isEmpty {
        conclude(.fallback, .missingKey)
        context.log("the API key is not set: client.apiKey")
        return done()
      }
      prime(done: done)
    }

    func flush(_ done: @escaping @Sendable () -> Void) {
      context.gate.enter {
        if isClosing { return whenClosed(done) }
        events.flush { self.context.gate.resume(done) }
      }
    }

    func end(_ done: @escaping @Sendable () -> Void) {
      context.gate.enter {
        if isClosing { return whenClosed(done) }
        stop()
        fallBack(.idle)
        events.flush { self.context.gate.resume(done) }
      }
    }

    func close(_ done: @escaping @Sendable () -> Void) {
      context.gate.enter {
        whenClosed(done)
        if isClosing { return }
        isClosing = true
        halt()
        if context.state.status == .starting { conclude(.idle) }
        events.close {
          self.isClosed = true
          self.context.platform.close()
          self.closings.forEach { self.context.gate.resume($0) }
          self.closings = []
        }
      }
    }

    private func whenClosed(_ done: @escaping @Sendable () -> Void) {
      if isClosed {
        context.gate.resume(done)
      } else {
        closings.append(done)
      }
    }

    /// Records an event with the part of it that its place in the app decides.
    func record(
      _ name: String, _ metadata: [(key: String, value: Json)], _ place: [(String, Json?)]
    ) {
      context.gate.enter {
        // After a failure of nobody's it is not known who is there.
        let isMute = person == nil && context.state.status == .fallback
        if isOver() || isMute || states != nil { return }
        load()
        context.attempt("the event \(describe(name)) is not recorded") {
          let time = timestamp(ofMilliseconds: context.platform.now())
          let event: [(String, Json?)] = [
            ("id", .text(newId())), ("name", .text(try asEventName(name))),
            // A clock that was never set: the time of arrival is nearer.
            ("timestamp", time.hasPrefix("2") ? .text(time) : nil),
          ]
          let said: [(String, Json?)] = [
            ("metadata", try readMetadata(metadata)),
            ("external_id", person?.userId.map { .text($0) }),
            ("user_signature", person?.userSignature.map { .text($0) }),
            ("anonymous_id", .text(anonymousId ?? presentId())),
            ("session", session.map { .text($0) }),
          ]
          try events.add(JsonObject(event + place + said))
        }
      }
    }

    private func presentId() -> String {
      person.map { identity.id(for: $0) } ?? identity.present()
    }

    func snapshot() -> Snapshot? {
      context.gate.enter {
        guard let id = anonymousId, let shown = revision else { return nil }
        let states = entities.map { ($0.key, $0.layers.wire) }
        let whose = JsonObject([
          ("anonymousId", .text(id)), ("userId", person?.userId.map { .text($0) } ?? .null),
        ])
        let whole = JsonObject([
          ("session", session.map { .text($0) } ?? .null), ("revision", .text(shown)),
          ("states", .object(JsonObject(states))), ("person", .object(whose)),
        ])
        return Snapshot(json: Json.object(whole).written)
      }
    }

    /// Goes on with a session that was started elsewhere. The snapshot may come from anywhere.
    func resume(_ snapshot: Snapshot) {
      context.gate.enter {
        context.attempt("the bootstrap cannot be used") {
          let json = try JsonParser.parse(snapshot.json)
          let served = try Served(json)
          let whose = try (json.asObject()["person"] ?? .null).asObject()
          let user = whose["userId"].flatMap { $0 == .null ? nil : $0 }
          let next = context.readOptions(StartOptions(userId: try user?.asText()))
          let id = try asAnonymousId(whose["anonymousId"] ?? .null)
          if let going = next { resume(served, going, id) }
        }
      }
    }

    private func resume(_ served: Served, _ next: Person, _ id: String) {
      person = next
      anonymousId = id
      key = context.settings.apiKey
      identity.save(Identity(id: id, owner: next.userId))
      take(served)
      entities.forEach { $0.layers.begin() }
      load()
      follow()
    }

    /// Serves these states from here on, without a server.
    func test(_ given: JsonObject) {
      context.gate.enter {
        states = given
        context.isTest = true
        start(StartOptions()) {}
        entities.forEach { $0.layers.begin() }
      }
    }

    /// The keys of all entities.
    var entityKeys: [String] { entities.map { $0.key } }

    // How a session goes on

    /// Whether all is over; who does not know it is told once.
    private func isOver() -> Bool {
      if isClosing { context.logOnce("the space is closed") }
      return isClosing
    }

    /// From the first use on, what an earlier program has left is known.
    private func load() {
      if states == nil { _ = report.list() }
    }

    private func isPerson(_ next: Person?) -> Bool {
      guard let one = person, let other = next else { return false }
      return one.isSame(as: other)
    }

    /// Says how it stands now: all of that is there before anybody is told of any of it.
    private func conclude(_ status: SessionStatus, _ failure: SessionFailure? = nil) {
      context.state = SessionState(status: status, failure: failure, revision: revision)
      entities.forEach { $0.layers.announce() }
      listeners.announce(context.state) { SessionState(status: .idle, failure: nil, revision: nil) }
    }

    /// Shows fallbacks from here on.
    private func fallBack(_ status: SessionStatus, _ failure: SessionFailure? = nil) {
      revision = nil
      for entity in entities {
        entity.layers.unlock()
        entity.layers.drop()
      }
      conclude(status, failure)
    }

    /// Takes an answer; nil: nothing is new. What a whole session's answer does not name falls back.
    private func take(_ news: Served?) {
      guard let served = news else { return conclude(.served) }
      session = served.session ?? session
      revision = served.revision
      for entity in entities {
        if let wire = served.states[entity.key] {
          entity.layers.serve(wire)
        } else if served.session != nil {
          entity.layers.drop()
        }
      }
      let unusable = reportUnknown()
      conclude(.served)
      let unheard = unusable.filter { context.isNew($0) }
      if !unheard.isEmpty { context.log("this code cannot use \(unheard.joined(separator: "; "))") }
    }

    private func listUnknown() -> [String] {
      Array(entities.flatMap { $0.layers.unknown }.prefix(Limit.unknownEntries))
    }

    /// What this code cannot use is told to the server when the next session starts.
    @discardableResult
    private func reportUnknown() -> [String] {
      let unusable = listUnknown()
      if context.settings.tracking && states == nil { report.put(report.list() + unusable) }
      return unusable
    }

    /// Asks for the state of every entity at once, later again where that fails.
    private func prime(failures: Int = 1, done: @escaping @Sendable () -> Void = {}) {
      let mine = Turn()
      turn = mine
      mine.finish = done
      let told = context.settings.tracking ? report.list() : []
      mine.stop = sender.send("/sessions", body(told)) { reply in
        self.settle(reply, mine, told, failures)
        done()
      }
    }

    private func settle(_ reply: Reply, _ mine: Turn, _ told: [String], _ failures: Int) {
      let served = Served(reply)
      if reply.isRefusal { isBare = !isBare }
      if !told.isEmpty && (reply.isRefusal || served != nil) { report.put([]) }
      if turn !== mine { return }
      if let session = served, session.session != nil {
        take(session)
        return follow()
      }
      stopRetry = pauses.after(failures, reply) { self.prime(failures: failures + 1) }
      let failure = reply.failure
      let isNew = failure != context.state.failure
      // Changes do not come through; what was served stays.
      conclude(session == nil ? .fallback : .served, failure)
      if isNew && (failure == .refused || failure == .nonsense) {
        context.log("no session: \(failure.rawValue): \(reply.status)")
      }
    }

    private func body(_ told: [String]) -> String {
      var members: [(String, Json?)] = [
        ("external_id", person?.userId.map { .text($0) }),
        ("user_signature", person?.userSignature.map { .text($0) }),
        ("fields", person?.fields.map { .object($0) }),
        ("anonymous_id", anonymousId.map { .text($0) }),
      ]
      if !isBare {
        let hash = JsonObject([("hash", .text(code.hash)), ("language", .text(code.language))])
        members.append(("code", .object(hash)))
        members.append(("app", .object(describeApp())))
        members.append(("unknown", told.isEmpty ? nil : .list(told.map { .text($0) })))
      }
      return Json.object(JsonObject(members)).written
    }

    /// What an app says of itself, as far as that can be sent.
    private func describeApp() -> JsonObject {
      func read(_ name: String, _ text: String) -> Json? {
        context.attempt("client.\(name) is left out") {
          text.isEmpty ? nil : .text(try ensureLength(storable(text), Limit.keyCharacters))
        } ?? nil
      }
      return JsonObject([
        ("version", read("appVersion", context.settings.appVersion)),
        ("build", read("appBuild", context.settings.appBuild)),
        ("platform", .text(context.platform.name)),
      ])
    }

    private func follow() {
      if session != nil && !context.settings.sessionLock && !isClosing { follower.start() }
    }

    private func connectFollower() {
      follower.poll = { [weak self] waitSeconds, receive in
        guard let runner = self, let session = runner.session, let revision = runner.revision else {
          return {}
        }
        let query = "since=\(escaped(revision))&wait=\(waitSeconds)"
        return runner.sender.send("/sessions/\(escaped(session))/changes?\(query)", nil, receive)
      }
      follower.isNews = { [weak self] in $0 != self?.revision }
      follower.take = { [weak self] in self?.take($0) }
      follower.fail = { [weak self] in
        self?.conclude(self?.context.state.status ?? .idle, $0.failure)
      }
      follower.restart = { [weak self] in self?.prime() }
    }

    /// Ends all that is under way.
    private func halt() {
      let over = turn
      turn = Turn()
      over.stop?()
      over.finish?()
      follower.stop()
      stopRetry?()
      stopRetry = nil
    }

    private func stop() {
      halt()
      person = nil
      anonymousId = nil
      session = nil
    }
  }
}
