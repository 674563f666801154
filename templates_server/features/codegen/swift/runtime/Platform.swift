extension Mtribes {
  /// Ends what it came from, such as a timer or `onChange`.
  public typealias Stop = @Sendable () -> Void

  /// Runs what it is given, such as on the main queue: `{ DispatchQueue.main.async(execute: $0) }`.
  public typealias Executor = @Sendable (_ work: @escaping @Sendable () -> Void) -> Void

  /// What goes to the server.
  struct Request: Sendable {
    let method: String
    let url: String
    var headers: [String: String]
    let body: String?
  }

  /// What comes back.
  struct Answer: Sendable {
    let status: Int
    let text: String
    let retryAfter: String?
  }

  /// The time, chance, timers, network and error output of a space, in one place so that a test can set its own.
  class Platform: @unchecked Sendable {
    private let work = DispatchQueue(label: "mtribes")
    private let callbacks = DispatchQueue(label: "mtribes.callbacks")
    private let lock = NSLock()
    private var connections: URLSession?

    /// Shared by all spaces of a program.
    var reports: UnusableValues { .shared }

    /// As sessions tell it.
    var name: String {
      #if os(macOS) || os(Linux) || os(Windows)
        return "other"
      #elseif os(Android)
        return "android"
      #else
        return "ios"
      #endif
    }

    /// In milliseconds since 1970.
    func now() -> Double {
      Date().timeIntervalSince1970 * 1000
    }

    /// In 0..<1.
    func random() -> Double {
      Double.random(in: 0..<1)
    }

    /// Runs the work aside, in the order of the calls.
    func soon(_ call: @escaping @Sendable () -> Void) {
      work.async(execute: call)
    }

    /// Runs callbacks of the app where it has set no executor.
    func deliver(_ call: @escaping @Sendable () -> Void) {
      callbacks.async(execute: call)
    }

    func after(_ milliseconds: Double, _ call: @escaping @Sendable () -> Void) -> Stop {
      let timer = Timer(DispatchSource.makeTimerSource(queue: work))
      timer.source.schedule(deadline: .now() + .milliseconds(Int(milliseconds.rounded(.up))))
      timer.source.setEventHandler {
        timer.source.cancel()
        call()
      }
      timer.source.resume()
      return { timer.source.cancel() }
    }

    /// Calls with the answer, or nil where there is none; what is stopped need not call.
    func send(_ request: Request, _ receive: @escaping @Sendable (Answer?) -> Void) -> Stop {
      guard let url = URL(string: request.url), url.host != nil else {
        soon { receive(nil) }
        return {}
      }
      var sent = URLRequest(url: url, cachePolicy: .reloadIgnoringLocalCacheData)
      sent.timeoutInterval = Limit.longestTimerMsec / 1000
      sent.httpMethod = request.method
      sent.httpBody = request.body.map { Data($0.utf8) }
      for (name, value) in request.headers {
        sent.setValue(value, forHTTPHeaderField: name)
      }
      let task = openConnections().dataTask(with: sent) { data, response, error in
        guard error == nil, let http = response as? HTTPURLResponse else { return receive(nil) }
        let text = String(decoding: data ?? Data(), as: UTF8.self)
        let retryAfter = http.value(forHTTPHeaderField: "Retry-After")
        receive(Answer(status: http.statusCode, text: text, retryAfter: retryAfter))
      }
      task.resume()
      return { task.cancel() }
    }

    /// Tells the developer.
    func report(_ line: String) {
      FileHandle.standardError.write(Data((line + "\n").utf8))
    }

    /// Lets go of connections.
    func close() {
      lock.lock()
      defer { lock.unlock() }
      connections?.invalidateAndCancel()
      connections = nil
    }

    private func openConnections() -> URLSession {
      lock.lock()
      defer { lock.unlock() }
      let opened = connections ?? URLSession(configuration: .ephemeral)
      connections = opened
      return opened
    }
  }

  /// A timer of the platform, which is used on one queue alone.
  private final class Timer: @unchecked Sendable {
    let source: DispatchSourceTimer

    init(_ source: DispatchSourceTimer) {
      self.source = source
    }
  }
}
