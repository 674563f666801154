extension Mtribes {
  /// Takes what a developer should know.
  public typealias Logger = @Sendable (_ message: String) throws -> Void

  /// What the app has set.
  struct Settings {
    var apiKey = ""
    var host: String
    var waitTimeMsec = 1200
    var sessionLock = true
    var tracking = true
    var storage: SpaceStorage?
    var appVersion: String
    var appBuild: String
    var logger: Logger?
    var isActive = true
  }

  /// What all parts of a space share. Everything but what is called outside is used inside the gate.
  final class Context: @unchecked Sendable {
    let spaceKey: String
    let platform: Platform
    let gate: Gate
    var settings: Settings
    var state = SessionState(status: .idle, failure: nil, revision: nil)
    /// States of a test are served, in which much may be missing.
    var isTest = false
    private var logged = Set<String>()

    init(spaceKey: String, platform: Platform, settings: Settings) {
      self.spaceKey = spaceKey
      self.platform = platform
      self.settings = settings
      gate = Gate { platform.deliver($0) }
    }

    /// Whether what is read now stays for the session.
    var isLocking: Bool {
      settings.sessionLock && (state.status == .served || state.status == .fallback)
    }

    /// The api key and host to which it would send now; "": there is no key, or nothing is sent.
    var destination: String {
      let (key, host) = (settings.apiKey, settings.host)
      return key.isEmpty || isTest ? "" : Json.list([.text(key), .text(host)]).written
    }

    /// The message may hold what an app or a server says.
    func log(_ message: String) {
      let (line, platform) = (visible(message), self.platform)
      guard let logger = settings.logger else {
        return gate.callBack { platform.report("mtribes: \(line)") }
      }
      gate.callBack {
        do {
          try logger(line)
        } catch {
          platform.report("mtribes: \(line)")
        }
      }
    }

    /// Logs the message, unless it was logged before.
    func logOnce(_ message: String) {
      if isNew(message) { log(message) }
    }

    /// Whether this was not logged before; it counts as logged from here on.
    func isNew(_ message: String) -> Bool {
      logged.count <= Limit.loggedOnce && logged.insert(message).inserted
    }

    /// Nil where the call throws: then a log line says what, and why.
    func attempt<Result>(_ what: String, _ call: () throws -> Result) -> Result? {
      do {
        return try call()
      } catch let nonsense as Nonsense {
        log(nonsense.message.isEmpty ? what : "\(what): \(nonsense.message)")
      } catch {
        log("\(what): \(error)")
      }
      return nil
    }

    /// Calls inside the gate after that time, unless it is stopped inside the gate before.
    func after(_ milliseconds: Double, _ call: @escaping @Sendable () -> Void) -> Stop {
      let isOver = Flag()
      let stop = platform.after(min(max(0, milliseconds), Limit.longestTimerMsec)) {
        self.gate.enter {
          if isOver.raise() { call() }
        }
      }
      return {
        if isOver.raise() { stop() }
      }
    }

    /// Calls inside the gate when what runs now is done.
    func soon(_ call: @escaping @Sendable () -> Void) {
      platform.soon { self.gate.enter(call) }
    }
  }

  /// Tells whether something happens for the first time. Used inside a gate.
  final class Flag: @unchecked Sendable {
    private var isRaised = false

    func raise() -> Bool {
      defer { isRaised = true }
      return !isRaised
    }
  }
}
