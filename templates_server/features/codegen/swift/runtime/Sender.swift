extension Mtribes {
  /// What became of a request; status 0: there was no answer.
  struct Reply: Sendable {
    let status: Int
    let text: String
    let retryAfterMsec: Double

    static let none = Reply(status: 0, text: "", retryAfterMsec: 0)

    /// The server refuses what was said; not what is in between, such as a network's sign-in.
    var isRefusal: Bool {
      status == 413 || ((status == 400 || status == 422) && begins("{"))
    }

    /// A page of HTML comes from something in between, such as a network's sign-in.
    var isSuccess: Bool {
      (200..<300).contains(status) && !begins("<")
    }

    var failure: SessionFailure {
      if status == 0 { return .network }
      if status >= 500 { return .server }
      return status >= 400 ? .refused : .nonsense
    }

    private func begins(_ character: Unicode.Scalar) -> Bool {
      text.unicodeScalars.first { !$0.properties.isWhitespace } == character
    }
  }

  /// Talks to the Client API: one request, one reply, within its time.
  final class Sender: @unchecked Sendable {
    private let context: Context

    init(_ context: Context) {
      self.context = context
    }

    /// Without a body it waits for changes. Calls inside the gate, unless it is stopped inside the gate before.
    func send(
      _ path: String, _ body: String? = nil, _ receive: @escaping @Sendable (Reply) -> Void
    ) -> Stop {
      let settings = context.settings
      var headers = ["Accept": "application/json", "Authorization": "Bearer \(settings.apiKey)"]
      if body != nil { headers["Content-Type"] = "application/json" }
      let request = Request(
        method: body == nil ? "GET" : "POST", url: "\(settings.host)/api/client\(path)",
        headers: headers,
        body: body)
      let exchange = Exchange(receive)
      let timeout = body == nil ? Limit.changesTimeoutMsec : Limit.timeoutMsec
      exchange.stopTimer = context.after(max(timeout, Double(settings.waitTimeMsec))) {
        exchange.cut?()
        exchange.finish(.none)
      }
      exchange.cut = context.platform.send(request) { answer in
        self.context.gate.enter { exchange.finish(self.reply(answer)) }
      }
      return {
        exchange.stop()
      }
    }

    private func reply(_ answer: Answer?) -> Reply {
      guard let given = answer else { return .none }
      let wait = retryAfterMsec(given.retryAfter, now: context.platform.now())
      return Reply(status: given.status, text: given.text, retryAfterMsec: wait)
    }
  }

  /// One request that is under way.
  private final class Exchange: @unchecked Sendable {
    var cut: Stop?
    var stopTimer: Stop?
    private var receive: (@Sendable (Reply) -> Void)?

    init(_ receive: @escaping @Sendable (Reply) -> Void) {
      self.receive = receive
    }

    func finish(_ reply: Reply) {
      stopTimer?()
      let call = receive
      receive = nil
      call?(reply)
    }

    func stop() {
      if receive == nil { return }
      receive = nil
      stopTimer?()
      cut?()
    }
  }
}
