extension Mtribes {
  /// Asks for changes of a session for as long as it runs unlocked and the app is in front.
  ///
  /// Where the server no longer knows the session, it is begun anew.
  final class Follower: @unchecked Sendable {
    private let context: Context
    private let pauses: Pauses
    /// Asks, and waits so many seconds for news.
    var poll: (Int, @escaping @Sendable (Reply) -> Void) -> Stop = { _, _ in {} }
    var isNews: (String) -> Bool = { _ in false }
    /// Takes an answer; nil: nothing is new.
    var take: (Served?) -> Void = { _ in }
    var fail: (Reply) -> Void = { _ in }
    /// Begins the session anew.
    var restart: () -> Void = {}
    private var isFollowing = false
    /// Whether the app is in front, and no failure has to be waited for.
    private var isHere = false
    private var stopAsking: Stop?
    private var stopTimer: Stop?
    private var stopPause: Stop?
    /// When was asked or answered last.
    private var last = -Double.infinity
    private var failures = 0
    /// How many sessions were lost, one after the other, that had not lasted.
    private var lost = 0

    init(_ context: Context, _ pauses: Pauses) {
      self.context = context
      self.pauses = pauses
    }

    func start() {
      stop()
      isFollowing = true
      show()
    }

    func stop() {
      hide()
      endPause()
      isFollowing = false
    }

    func show() {
      if !isFollowing || isHere || stopPause != nil || !context.settings.isActive { return }
      isHere = true
      let rest = last + Limit.shortestRestMsec - context.platform.now()
      pause(min(rest, Limit.shortestRestMsec))
    }

    func hide() {
      isHere = false
      stopTimer?()
      stopAsking?()
      stopAsking = nil
    }

    private func endPause() {
      stopPause?()
      stopPause = nil
    }

    private func pause(_ milliseconds: Double) {
      if milliseconds > 0 {
        stopTimer = context.after(milliseconds) { self.ask() }
      } else {
        ask()
      }
    }

    private func ask() {
      last = context.platform.now()
      stopAsking = poll(Limit.changesWaitSeconds) { reply in
        self.stopAsking = nil
        self.settle(reply)
      }
    }

    private func settle(_ reply: Reply) {
      let isEarly = context.platform.now() - last < Limit.earlyMsec
      last = context.platform.now()
      let served = Served(reply)
      if served == nil && reply.status != 204 { return settleFailure(reply) }
      let hasNews = served.map { isNews($0.revision) } ?? false
      if !isEarly { lost = 0 }
      failures = isEarly && !hasNews ? failures + 1 : 0
      let rest = pauses.backOffMsec(failures, Limit.longestRestMsec)
      pause(failures > 0 ? rest : Limit.shortestRestMsec)
      take(served)
    }

    private func settleFailure(_ reply: Reply) {
      let isUnknown = reply.status == 404
      if isUnknown {
        stop()
        lost += 1
        if lost == 1 { return restart() }
      } else {
        hide()
      }
      failures += isUnknown ? Limit.failuresOfANewSession : 1
      stopPause = pauses.after(failures, reply) {
        self.stopPause = nil
        if isUnknown {
          self.restart()
        } else {
          self.show()
        }
      }
      fail(reply)
    }
  }
}
