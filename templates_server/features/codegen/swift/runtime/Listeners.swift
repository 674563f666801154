extension Mtribes {
  /// Those who want to be told when a state has changed.
  final class Listeners<State: Equatable & Sendable>: @unchecked Sendable {
    private let context: Context
    private let name: String
    private var all: [(number: Int, call: @Sendable () throws -> Void)] = []
    private var last = 0
    /// Counts what they are told of.
    private var edition = 0
    private var told: State?

    init(_ context: Context, name: String) {
      self.context = context
      self.name = name
    }

    func add(_ call: @escaping @Sendable () throws -> Void) -> Stop {
      context.gate.enter {
        last += 1
        let number = last
        all.append((number, call))
        return { [weak self] in
          guard let self = self else { return }
          self.context.gate.enter { self.all.removeAll { $0.number == number } }
        }
      }
    }

    /// Calls them if that is not what they were told of last. A change that comes in between ends this: all hear of that one.
    func announce(_ state: State, first: () -> State) {
      let known = told ?? first()
      told = state
      if state == known { return }
      edition += 1
      let (announced, numbers) = (edition, all.map { $0.number })
      guard !numbers.isEmpty else { return }
      context.gate.callBack {
        for number in numbers {
          self.call(number, announced)
        }
      }
    }

    private func call(_ number: Int, _ announced: Int) {
      let listener = context.gate.enter {
        edition == announced ? all.first { $0.number == number } : nil
      }
      guard let call = listener?.call else { return }
      do {
        try call()
      } catch {
        context.gate.enter { context.log("a listener of \(name) failed: \(error)") }
      }
    }
  }
}
