// What the runtime finds around itself: a clock that a case moves, counted requests, and storage.
import Foundation

typealias Json = Mtribes.Json
typealias JsonObject = Mtribes.JsonObject

func text(_ value: Json?) -> String? { try? value?.asText() }
func number(_ value: Json?) -> Double? { try? value?.asNumber() }
func object(_ members: KeyValuePairs<String, Json?>) -> Json {
  .object(JsonObject(members.map { ($0.key, $0.value) }))
}
func texts(_ all: [String]) -> Json { .list(all.map { .text($0) }) }
func orNull(_ text: String?) -> Json { text.map { .text($0) } ?? .null }
func orNull(_ number: Double?) -> Json { number.map { .number($0) } ?? .null }
func isTrue(_ value: Json?) -> Bool { value == .bool(true) }

/// A value as an app would write it.
func plain(_ value: Json) -> Any {
  switch value {
  case .null: return NSNull()
  case .bool(let flag): return flag
  case .number(let number): return number
  case .text(let text): return text
  case .list(let list): return list.map(plain)
  case .object(let object): return plain(object)
  }
}

func plain(_ object: JsonObject) -> [String: Any] {
  Dictionary(uniqueKeysWithValues: object.keys.map { ($0, plain(object[$0] ?? .null)) })
}

struct Failing: Error { let what: String }

/// Everything happens on the main thread but the network.
final class DriverPlatform: Mtribes.Platform, @unchecked Sendable {
  var time: Double
  let chance: Double
  var timers: [(at: Double, number: Int, call: @Sendable () -> Void)] = []
  var open = Set<Int>()
  var logs: [String] = []
  private var timerCount = 0
  private var requestCount = 0
  private let lock = NSLock()
  private var queue: [@Sendable () -> Void] = []
  private let ownReports = Mtribes.UnusableValues()

  init(now: Double, chance: Double) {
    (time, self.chance) = (now, chance)
  }

  override var reports: Mtribes.UnusableValues { ownReports }
  override func now() -> Double { time }
  override func random() -> Double { chance }
  override func report(_ line: String) { logs.append(line) }
  override func deliver(_ call: @escaping @Sendable () -> Void) { soon(call) }

  override func soon(_ call: @escaping @Sendable () -> Void) {
    lock.lock()
    queue.append(call)
    lock.unlock()
  }

  override func after(_ milliseconds: Double, _ call: @escaping @Sendable () -> Void)
    -> Mtribes.Stop
  {
    timerCount += 1
    let number = timerCount
    timers.append((time + milliseconds, number, call))
    return { self.timers.removeAll { $0.number == number } }
  }

  override func send(
    _ request: Mtribes.Request, _ receive: @escaping @Sendable (Mtribes.Answer?) -> Void
  ) -> Mtribes.Stop {
    requestCount += 1
    let number = requestCount
    var numbered = request
    numbered.headers["Conformance-Request"] = String(number)
    open.insert(number)
    let stop = super.send(numbered) { answer in
      self.soon { if self.open.remove(number) != nil { receive(answer) } }
    }
    return { if self.open.remove(number) != nil { stop() } }
  }

  /// Runs all that needs no time.
  func quiet() {
    while let call = first() { call() }
  }

  private func first() -> (@Sendable () -> Void)? {
    lock.lock()
    defer { lock.unlock() }
    return queue.isEmpty ? nil : queue.removeFirst()
  }

  func advance(to end: Double) {
    while let next = timers.filter({ $0.at <= end }).min(by: {
      ($0.at, $0.number) < ($1.at, $1.number)
    }) {
      timers.removeAll { $0.number == next.number }
      time = max(time, next.at)
      next.call()
      quiet()
    }
    time = end
  }
}

/// Storage that misbehaves as a case says; a process that ends leaves a file to the next.
final class DriverStorage: Mtribes.SpaceStorage, @unchecked Sendable {
  var kind: String
  private let file: URL
  private var kept: JsonObject
  private var isStored = true

  init(kind: String, file: String) throws {
    (self.kind, self.file) = (kind, URL(fileURLWithPath: file))
    kept = try parse(String(contentsOf: self.file, encoding: .utf8)).asObject()
  }

  private func check(isLonger: Bool = false) throws {
    if kind == "forbidden" || kind == "failing" || (kind == "full" && isLonger) {
      throw Failing(what: kind)
    }
  }

  func get(_ key: String) throws -> String? {
    try check()
    return text(kept[key])
  }

  func set(_ key: String, _ news: String) throws {
    try check(isLonger: news.utf16.count > (text(kept[key]) ?? "").utf16.count)
    (kept[key], isStored) = (.text(news), false)
  }

  func remove(_ key: String) throws {
    try check()
    (kept[key], isStored) = (nil, false)
  }

  func store() throws {
    if !isStored { try Data(Json.object(kept).written.utf8).write(to: file) }
    isStored = true
  }
}

func parse(_ line: String) throws -> Json { try Mtribes.JsonParser.parse(line) }
