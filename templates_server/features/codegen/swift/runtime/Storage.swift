extension Mtribes {
  /// Where an app keeps texts between its runs. Each call may throw; whatever happens, the app goes on.
  public protocol SpaceStorage: Sendable {
    func get(_ key: String) throws -> String?
    func set(_ key: String, _ text: String) throws
    func remove(_ key: String) throws
  }

  /// Keeps each text in a file of a folder, which is made when it is first needed.
  public struct FileStorage: SpaceStorage {
    private let folder: URL

    public init(folder: URL) {
      self.folder = folder
    }

    public func get(_ key: String) throws -> String? {
      let file = self.file(key)
      guard FileManager.default.fileExists(atPath: file.path) else { return nil }
      return try String(contentsOf: file, encoding: .utf8)
    }

    public func set(_ key: String, _ text: String) throws {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file(key), options: .atomic)
    }

    public func remove(_ key: String) throws {
      let file = self.file(key)
      guard FileManager.default.fileExists(atPath: file.path) else { return }
      try FileManager.default.removeItem(at: file)
    }

    private func file(_ key: String) -> URL {
      folder.appendingPathComponent(escaped(key), isDirectory: false)
    }

    /// In the folder that the system gives an app for such things; nil for a program that is none.
    static func ofApp() -> FileStorage? {
      let folders = FileManager.default.urls(for: .applicationSupportDirectory, in: .userDomainMask)
      guard let app = Bundle.main.bundleIdentifier, let folder = folders.first else { return nil }
      return FileStorage(
        folder: folder.appendingPathComponent(app).appendingPathComponent("mtribes"))
    }
  }

  /// Keeps texts of a space by name. Never throws.
  final class Store: @unchecked Sendable {
    static let identity = "identity"
    static let report = "unknown"
    /// So many names that whoever comes later finds all events without a list.
    static let events = (0..<Limit.eventPlaces).map { "events.\($0)" }

    private let context: Context
    private var isUsed = false

    init(_ context: Context) {
      self.context = context
    }

    func read(_ name: String) -> String? {
      if context.settings.tracking, name == Store.identity { isUsed = true }
      let text = attempt { try $0.get(key(name)) } ?? nil
      return text.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// False where it cannot be kept: storage is absent, full or forbidden, or nothing may be tracked.
    func write(_ name: String, _ text: String) -> Bool {
      guard context.settings.tracking else { return false }
      isUsed = true
      if context.settings.storage == nil { return true }
      return attempt { try $0.set(key(name), text) } != nil
    }

    func remove(_ name: String) {
      if read(name) != nil { _ = attempt { try $0.remove(key(name)) } }
    }

    /// Consent is withdrawn: where a session or an event came before, what is stored goes.
    func clear() {
      if isUsed { ([Store.identity, Store.report] + Store.events).forEach(remove) }
    }

    private func key(_ name: String) -> String {
      "mtribes.\(context.spaceKey).\(name)"
    }

    private func attempt<Result>(_ use: (SpaceStorage) throws -> Result) -> Result? {
      context.settings.storage.flatMap { try? use($0) }
    }
  }
}
