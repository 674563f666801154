// Drives the Swift runtime through the conformance cases: templates_server/docs/development/conformance.md.
import Foundation

final class Driver: @unchecked Sendable {
  var platform = DriverPlatform(now: 0, chance: 0)
  var storage: DriverStorage?
  var spaces: [String: Mtribes.Space] = [:]
  var listeners: [String: Mtribes.Stop] = [:]
  var pending: [String] = []
  var broken: [String] = []
  var calls: [Json] = []

  func begin(_ command: JsonObject) throws -> Json {
    platform.close()
    platform = DriverPlatform(
      now: number(command["now"]) ?? 0, chance: number(command["chance"]) ?? 0)
    storage = try DriverStorage(
      kind: text(command["storage"]) ?? "", file: text(command["file"]) ?? "")
    (spaces, listeners, pending, broken, calls) = ([:], [:], [], [], [])
    Mtribes.DefaultSpace.shared.replace(Mtribes.Space(platform: platform))
    let plain = ["page", "default space", "created space", "platform log"]
    let features = texts(plain + ["live changes", "kept events", "one session a space"])
    return object(["language": .text("swift"), "features": features])
  }

  func create(_ name: String, _ command: JsonObject) throws {
    let given = try (command["options"] ?? .null).asObject()
    let platform = self.platform
    var options = Mtribes.SpaceOptions(
      host: text(given["host"]), appVersion: text(given["appVersion"]),
      appBuild: text(given["appBuild"]),
      waitTimeMsec: number(given["waitTimeMsec"]).map { Int($0) },
      sessionLock: given["sessionLock"].map(isTrue),
      tracking: given["tracking"].map(isTrue),
      bootstrap: given["bootstrap"].map { .init(json: $0.written) },
      states: try given["states"].map { Mtribes.TestStates(plain(try $0.asObject())) })
    if storage?.kind != "none" { options.storage = storage }
    let isThrowing = text(given["logger"]) == "throws"
    if text(given["logger"]) != "platform" {
      options.logger = {
        if isThrowing { throw Failing(what: "the logger") } else { platform.logs.append($0) }
      }
    }
    let key = text(given["apiKey"]) ?? ""
    if text(command["kind"]) == "default" {
      Mtribes.initialize(apiKey: key, options: options)
      spaces[name] = Mtribes.space
    } else {
      spaces[name] = Mtribes.Space(platform: platform)
      spaces[name]?.apply(key, options)
    }
  }

  /// Calls what may take time, and notes when that ends.
  func call(_ name: String, _ work: (@escaping @Sendable () -> Void) -> Void) {
    pending.append(name)
    work { if let at = self.pending.firstIndex(of: name) { self.pending.remove(at: at) } }
  }

  func start(_ space: Mtribes.Space, _ given: JsonObject) {
    let fields = (try? given["fields"]?.asObject()).map(plain)
    let options = StartOptions(
      userId: text(given["userId"]), fields: fields, userSignature: text(given["userSignature"]))
    call("start") { done in space.session.start(options: options) { _ in done() } }
  }

  func set(_ client: Mtribes.Client, _ name: String?, _ value: Json?) throws {
    switch name {
    case "apiKey": client.apiKey = text(value) ?? ""
    case "host": client.host = text(value) ?? ""
    case "sessionLock": client.sessionLock = isTrue(value)
    case "waitTimeMsec": client.waitTimeMsec = Int(number(value) ?? 0)
    case "tracking": client.tracking = isTrue(value)
    case "appVersion": client.appVersion = text(value) ?? ""
    case "appBuild": client.appBuild = text(value) ?? ""
    default: throw Failing(what: "no member \(name ?? "")")
    }
  }

  func status(_ session: Mtribes.Session) -> Json {
    let members: (Mtribes.SessionState) -> JsonObject = { state in
      JsonObject([
        ("status", .text(state.status.rawValue)), ("failure", orNull(state.failure?.rawValue)),
        ("revision", orNull(state.revision)),
      ])
    }
    var all = members(
      Mtribes.SessionState(
        status: session.status, failure: session.failure, revision: session.revision))
    all["unknown"] = texts(session.unknown)
    all["state"] = .object(members(session.state))
    return .object(all)
  }

  func track(_ space: Mtribes.Space, _ command: JsonObject) throws {
    let given = try (command["pairs"] ?? .null) == .null ? [] : (command["pairs"] ?? .null).asList()
    let pairs = try given.map { pair -> Mtribes.Pair in
      let both = try pair.asList()
      return Mtribes.Pair(key: try both[0].asText(), value: try both[1].asText())
    }
    let at = { pairs.count > $0 ? pairs[$0] : nil }
    for count in 0..<Int(number(command["times"]) ?? 0) {
      let name = (text(command["name"]) ?? "").replacingOccurrences(of: "#", with: String(count))
      if let metadata = try? command["metadata"]?.asList() {
        try tracker(space, text(command["of"])).modelled(modelledEvent(name, metadata))
      } else {
        try tracker(space, text(command["of"])).named(name, at(0), at(1), at(2))
      }
    }
  }

  func listen(_ space: Mtribes.Space, _ command: JsonObject) throws {
    let (to, name) = (text(command["to"]) ?? "", text(command["name"]) ?? "")
    listeners[name] = try observe(space, to) {
      var call = JsonObject([
        ("by", .text(name)), ("at", .number(self.platform.time)),
        ("status", .text(space.session.status.rawValue)),
        ("failure", orNull(space.session.failure?.rawValue)),
      ])
      if isTrue(command["reads"]) { call["read"] = try read(space, to) }
      self.calls.append(.object(call))
      if let stopped = text(command["stops"]) { self.listeners[stopped]?() }
      if let starts = try? command["starts"]?.asObject() { self.start(space, starts) }
      if isTrue(command["throws"]) { throw Failing(what: "the listener \(name)") }
    }
  }

  func page(_ event: String?) {
    for client in spaces.values.map({ $0.client }) {
      if event == "online" {
        client.networkIsBack()
      } else {
        client.isActive = event == "show" || event == "return"
      }
    }
  }

  func perform(_ command: JsonObject) throws -> Json? {
    switch text(command["do"]) {
    case "begin": return try begin(command)
    case "advance": platform.advance(to: number(command["to"]) ?? 0)
    case "settle": Thread.sleep(forTimeInterval: 0.001)
    case "stop": listeners[text(command["name"]) ?? ""]?()
    case "storage": storage?.kind = text(command["kind"]) ?? ""
    case "page": page(text(command["event"]))
    default: return try performInSpace(text(command["space"]) ?? "", command)
    }
    return nil
  }

  func performInSpace(_ name: String, _ command: JsonObject) throws -> Json? {
    if text(command["do"]) == "create" { try create(name, command) }
    guard let space = spaces[name] else { throw Failing(what: "no space \(name)") }
    let fields = (try? command["fields"]?.asObject()).map(plain)
    switch text(command["do"]) {
    case "create": break
    case "set": try set(space.client, text(command["name"]), command["value"])
    case "start": start(space, try (command["options"] ?? .null).asObject())
    case "end": call("end") { space.session.end(completion: $0) }
    case "flush": call("flush") { space.session.flush(completion: $0) }
    case "close": call("close") { space.close(completion: $0) }
    case "identify": space.session.identify(text(command["userId"]) ?? "", fields: fields)
    case "anonymize": space.session.anonymize(fields: fields)
    case "track": try track(space, command)
    case "read": return try read(space, text(command["entity"]) ?? "")
    case "status": return status(space.session)
    case "snapshot": return try space.session.snapshot().map { try parse($0.json) }
    case "listen": try listen(space, command)
    default: throw Failing(what: "no command \(text(command["do"]) ?? "")")
    }
    return nil
  }

  func answer(_ line: String) throws -> String {
    var reply = JsonObject()
    do {
      reply["value"] = try perform(try parse(line).asObject()) ?? .null
    } catch {
      reply["error"] = .text("\(error)")
    }
    platform.quiet()
    try storage?.store()
    reply["now"] = .number(platform.time)
    reply["next"] = orNull(platform.timers.map { $0.at }.min())
    reply["open"] = .list(platform.open.sorted().map { .number(Double($0)) })
    reply["watching"] = .number(0)
    reply["pending"] = texts(pending)
    (reply["broken"], reply["calls"], reply["logs"]) = (
      texts(broken), .list(calls), texts(platform.logs)
    )
    (broken, calls, platform.logs) = ([], [], [])
    return Json.object(reply).written
  }
}

@main
enum Program {
  static func main() throws {
    setvbuf(stdout, nil, _IOLBF, 0)
    let driver = Driver()
    while let line = readLine() {
      print(try driver.answer(line))
    }
  }
}
