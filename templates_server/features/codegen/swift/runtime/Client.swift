extension Mtribes {
  /// Which environment and server an app talks to, and how its sessions behave.
  public final class Client: Sendable {
    private let runner: Runner

    init(_ runner: Runner) {
      self.runner = runner
    }

    /// The public key `pk_...` of an environment. Without it fallbacks are served.
    public var apiKey: String {
      get { get { $0.apiKey } }
      set { runner.setKey(newValue) }
    }

    /// Where the server is.
    public var host: String {
      get { get { $0.host } }
      set { set { $0.host = withoutTrailingSlashes(newValue) } }
    }

    /// How long `session.start` waits before it goes on with fallbacks.
    public var waitTimeMsec: Int {
      get { get { $0.waitTimeMsec } }
      set { runner.setWaitTime(newValue) }
    }

    /// True: what was served stays for the session. False: changes come through.
    public var sessionLock: Bool {
      get { get { $0.sessionLock } }
      set { runner.setLock(newValue) }
    }

    /// Whether the person agrees to be tracked.
    ///
    /// False: no event is recorded or sent, and nothing is stored; sessions start all the same.
    public var tracking: Bool {
      get { get { $0.tracking } }
      set { runner.setTracking(newValue) }
    }

    /// Where the anonymous id and events are kept; nil: in memory.
    public var storage: SpaceStorage? {
      get { get { $0.storage } }
      set { set { $0.storage = newValue } }
    }

    /// The version of your app, such as `2.3.1`, which sessions that start tell the server; "": none.
    public var appVersion: String {
      get { get { $0.appVersion } }
      set { set { $0.appVersion = newValue } }
    }

    /// The build of that version; "": none.
    public var appBuild: String {
      get { get { $0.appBuild } }
      set { set { $0.appBuild = newValue } }
    }

    /// Gets what is otherwise written to the standard error output; nil: that.
    public var logger: Logger? {
      get { get { $0.logger } }
      set { set { $0.logger = newValue } }
    }

    /// Runs listeners, completions and the logger; nil: a queue of the space.
    public var executor: Executor? {
      get { runner.context.gate.enter { runner.context.gate.executor } }
      set { runner.context.gate.enter { runner.context.gate.executor = newValue } }
    }

    /// Whether the app is in front. False: it sends what waits, and asks for no changes until it is true again.
    public var isActive: Bool {
      get { get { $0.isActive } }
      set { runner.setActive(newValue) }
    }

    /// The network may be back: what waits for it is tried at once.
    public func networkIsBack() {
      runner.networkIsBack()
    }

    private func get<Value>(_ read: (Settings) -> Value) -> Value {
      runner.context.gate.enter { read(runner.context.settings) }
    }

    private func set(_ change: (inout Settings) -> Void) {
      runner.context.gate.enter { change(&runner.context.settings) }
    }
  }
}

private func withoutTrailingSlashes(_ host: String) -> String {
  String(host.reversed().drop { $0 == "/" }.reversed())
}
