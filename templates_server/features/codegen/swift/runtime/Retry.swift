extension Mtribes {
  /// Pauses before another attempt; those that wait for the network end when it comes back.
  final class Pauses: @unchecked Sendable {
    private let context: Context
    private var waiting: [Pause] = []

    init(_ context: Context) {
      self.context = context
    }

    /// Calls after a pause that grows with the failures in a row; never sooner than `reply` asks for.
    func after(_ failures: Int, _ reply: Reply, _ call: @escaping @Sendable () -> Void) -> Stop {
      let longest = reply.status == 0 ? Limit.longestPauseMsec : Limit.longestPauseAfterAnAnswerMsec
      let least = max(Limit.shortestPauseMsec, reply.retryAfterMsec)
      let pause = Pause(least: least, began: context.platform.now(), call)
      waiting.append(pause)
      wait(pause, max(least, backOffMsec(failures, longest)))
      return { self.stop(pause) }
    }

    /// The network may be back.
    func hurry() {
      for pause in waiting {
        pause.stop?()
        wait(pause, pause.least - max(0, context.platform.now() - pause.began))
      }
    }

    /// 1 s, 1 to 2 s, 2 to 4 s ... up to the longest, at random so that many apps do not come back at once.
    func backOffMsec(_ failures: Int, _ longest: Double) -> Double {
      let most = min(longest, 500 * Double(1 << min(failures, 10)))
      let shortest = Limit.shortestPauseMsec * (1 + context.platform.random() / 5)
      return max(shortest, most * (0.5 + context.platform.random() / 2))
    }

    private func wait(_ pause: Pause, _ milliseconds: Double) {
      pause.stop = context.after(milliseconds) {
        self.stop(pause)
        pause.call()
      }
    }

    private func stop(_ pause: Pause) {
      pause.stop?()
      waiting.removeAll { $0 === pause }
    }
  }

  private final class Pause: @unchecked Sendable {
    let least: Double
    let began: Double
    let call: @Sendable () -> Void
    var stop: Stop?

    init(least: Double, began: Double, _ call: @escaping @Sendable () -> Void) {
      self.least = least
      self.began = began
      self.call = call
    }
  }
}

/// Seconds or a date, as HTTP has it; 0 where nothing usable is said.
private func retryAfterMsec(_ text: String?, now: Double) -> Double {
  guard let said = text?.trimmingCharacters(in: .whitespaces), !said.isEmpty else { return 0 }
  let wait = Double(said).map { $0 * 1000 } ?? httpDate(said).map { $0 - now } ?? 0
  return wait > 0 ? min(wait, Limit.longestRetryAfterMsec) : 0
}
