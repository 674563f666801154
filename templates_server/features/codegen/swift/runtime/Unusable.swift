extension Mtribes {
  /// What could not be used and the server has not been told of: a line for whose it is, and one an entry.
  ///
  /// It is one for all spaces of the program.
  final class UnusableValues: @unchecked Sendable {
    static let shared = UnusableValues()
    private let lock = NSLock()
    private var text = ""

    /// Takes the place of what is there, if `change` gives something else; then it returns that.
    func change(_ change: (String) -> String) -> String? {
      lock.lock()
      defer { lock.unlock() }
      let news = change(text)
      if news == text { return nil }
      text = news
      return news
    }

    var present: String {
      lock.lock()
      defer { lock.unlock() }
      return text
    }
  }

  /// Keeps that in storage too, for the next program, until a start that carried it was answered.
  ///
  /// The first line names the code and the destination: others drop it.
  final class Report: @unchecked Sendable {
    private let context: Context
    private let store: Store
    private let codeHash: String
    /// Only then has there been consent, and anything of this space.
    private var isLoaded = false

    init(_ context: Context, _ store: Store, codeHash: String) {
      self.context = context
      self.store = store
      self.codeHash = codeHash
    }

    /// What the next start carries.
    func list() -> [String] {
      load()
      let all = lines(of: context.platform.reports.present).prefix(Limit.unknownEntries + 1)
      guard let mark = all.first, isSame(mark, owner) else { return [] }
      return all.dropFirst().map { storable(prefix(of: $0, Limit.unknownCharacters)) }
    }

    func put(_ entries: [String]) {
      guard isLoaded else { return }
      var all: [String] = []
      for entry in entries where all.count < Limit.unknownEntries && !all.contains(entry) {
        all.append(entry)
      }
      let text = all.isEmpty ? "" : ([owner] + all).joined(separator: "\n")
      guard let news = context.platform.reports.change({ _ in text }) else { return }
      if news.isEmpty {
        store.remove(Store.report)
      } else {
        _ = store.write(Store.report, news)
      }
    }

    private var owner: String { codeHash + context.destination }

    private func load() {
      if isLoaded || !context.settings.tracking { return }
      isLoaded = true
      // Nothing of this kind is what others have written there.
      guard let left = store.read(Store.report), left.utf8.contains(UInt8(ascii: "\n")) else {
        return
      }
      _ = context.platform.reports.change { $0.isEmpty ? left : $0 }
    }
  }
}
