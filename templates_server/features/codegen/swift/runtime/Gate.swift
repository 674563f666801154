extension Mtribes {
  /// Lets one thread at a time into a space. What the app is to be told waits until that thread has left.
  ///
  /// A storage of the app may use the space it is called by, so the same thread may enter again.
  final class Gate: @unchecked Sendable {
    private let lock = NSRecursiveLock()
    private var depth = 0
    private var resumed: [@Sendable () -> Void] = []
    private var callbacks: [@Sendable () -> Void] = []
    private var isDelivering = false
    private let deliver: Executor
    /// Set by the app.
    var executor: Executor?

    init(deliver: @escaping Executor) {
      self.deliver = deliver
    }

    func enter<Result>(_ work: () throws -> Result) rethrows -> Result {
      lock.lock()
      depth += 1
      defer { leave() }
      return try work()
    }

    /// Calls on the executor, in the order of these calls. Inside only.
    func callBack(_ call: @escaping @Sendable () -> Void) {
      callbacks.append(call)
    }

    /// Calls as soon as this thread has left. Inside only.
    func resume(_ call: @escaping @Sendable () -> Void) {
      resumed.append(call)
    }

    private func leave() {
      depth -= 1
      guard depth == 0 else { return lock.unlock() }
      let calls = resumed
      resumed = []
      let begins = !callbacks.isEmpty && !isDelivering
      isDelivering = isDelivering || begins
      let execute = executor ?? deliver
      lock.unlock()
      calls.forEach { $0() }
      if begins { execute { self.deliverAll() } }
    }

    private func deliverAll() {
      while let call = nextCallback() { call() }
    }

    private func nextCallback() -> (@Sendable () -> Void)? {
      lock.lock()
      defer { lock.unlock() }
      if callbacks.isEmpty {
        isDelivering = false
        return nil
      }
      return callbacks.removeFirst()
    }
  }
}
