/// Who a session is for and what is sent along: `StartOptions(userId: userId, fields: fields)`.
public struct StartOptions: Sendable {
  let userId: String?
  let userSignature: String?
  let fields: [Mtribes.GivenField]

  /// Nobody given: a visitor. `userSignature` is what your own back end made of the id, where the environment requires
  /// signed ids. `fields` hold texts, numbers and booleans, are used for that session and never stored.
  public init(userId: String? = nil, fields: [String: Any]? = nil, userSignature: String? = nil) {
    self.userId = userId
    self.userSignature = userSignature
    self.fields = (fields ?? [:]).sorted { $0.key < $1.key }.map {
      Mtribes.GivenField($0.key, $0.value)
    }
  }
}

extension Mtribes {
  /// What an app gives as a field; without a value where that cannot be sent.
  struct GivenField: Sendable {
    let name: String
    let value: Json?

    init(_ name: String, _ value: Any) {
      self.name = name
      self.value = fieldValue(value)
    }
  }

  /// One piece of an event's metadata.
  public struct Pair: Equatable, Sendable {
    public let key: String
    public let value: String

    public init(key: String, value: String) {
      self.key = key
      self.value = value
    }
  }

  // begin: any event
  /// An event of the model with its metadata: `Events` makes them.
  public struct ModelledEvent: Equatable, Sendable {
    let name: String
    let metadata: [(key: String, value: Json)]

    /// What has no value is left out.
    init(_ name: String, _ metadata: [(key: String, value: Json?)] = []) {
      self.name = name
      self.metadata = metadata.compactMap { pair in pair.value.map { (pair.key, $0) } }
    }

    public static func == (one: ModelledEvent, other: ModelledEvent) -> Bool {
      one.name == other.name
        && one.metadata.elementsEqual(other.metadata) { $0.key == $1.key && $0.value == $1.value }
    }
  }

  // end: any event
  /// Who a session is for, and what an app says of them, checked: as the server takes it.
  final class Person: Sendable {
    /// Nil: a visitor.
    let userId: String?
    let userSignature: String?
    let fields: JsonObject?

    init(userId: String?, userSignature: String?, fields: JsonObject?) {
      self.userId = userId
      self.userSignature = userSignature
      self.fields = fields
    }

    func isSame(as other: Person) -> Bool {
      userId == other.userId
    }
  }
}

/// The value of a field; nil for what cannot be one.
private func fieldValue(_ given: Any) -> Mtribes.Json? {
  let mirror = Mirror(reflecting: given)
  if mirror.displayStyle == .optional {
    guard let wrapped = mirror.children.first else { return .null }
    return fieldValue(wrapped.value)
  }
  if given is NSNull { return .null }
  // By type, since a system that bridges takes a number for a boolean.
  if type(of: given) == Bool.self, let flag = given as? Bool { return .bool(flag) }
  if let text = given as? String { return .text(text) }
  if let number = given as? NSNumber {
    let isBoolean =
      ["c", "B"].contains(String(cString: number.objCType)) && !(type(of: given) == Int8.self)
    return isBoolean ? .bool(number.boolValue) : .number(number.doubleValue)
  }
  return wholeNumber(given).map { .number($0) } ?? (given as? Float).map { .number(Double($0)) }
}

private func wholeNumber(_ given: Any) -> Double? {
  if let number = given as? Double { return number }
  if let number = given as? Int { return Double(number) }
  if let number = given as? Int64 { return Double(number) }
  if let number = given as? Int32 { return Double(number) }
  if let number = given as? UInt { return Double(number) }
  if let number = given as? UInt64 { return Double(number) }
  return (given as? UInt32).map { Double($0) }
}

extension Mtribes.Context {
  /// Nil for options that nobody can start with, of which a log line tells.
  func readOptions(_ options: StartOptions) -> Mtribes.Person? {
    attempt("the session is not started") {
      let userId = options.userId.flatMap { $0.isEmpty ? nil : $0 }
      let signature = options.userSignature.map(storable).flatMap { $0.isEmpty ? nil : $0 }
      return Mtribes.Person(
        userId: try userId.map(asUserId), userSignature: userId == nil ? nil : signature,
        fields: readFields(options.fields))
    }
  }

  /// The fields that can be sent, if any; of the others a log line tells.
  private func readFields(_ given: [Mtribes.GivenField]) -> Mtribes.JsonObject? {
    var read = Mtribes.JsonObject()
    for field in given where field.value != .null {
      attempt("the field \(describe(field.name)) is left out") {
        try ensure(!field.name.isEmpty && read.keys.count < Limit.fields, "no name, or too many")
        let name = storable(try ensureLength(field.name, Limit.keyCharacters))
        read[name] = try readField(field.value)
      }
    }
    return read.keys.isEmpty ? nil : read
  }
}

private func readField(_ value: Mtribes.Json?) throws -> Mtribes.Json {
  switch value {
  case .text(let text): return .text(try ensureLength(storable(text), Limit.fieldCharacters))
  case .number: return .number(try value?.asNumber() ?? 0)
  case .bool(let flag): return .bool(flag)
  default: throw Nonsense("not a text, number or boolean")
  }
}

private func asUserId(_ text: String) throws -> String {
  let scalars = text.unicodeScalars
  // Reserved ids, control characters, and what nobody sees at an edge.
  let isUsable =
    scalars.count <= Limit.nameCharacters && text != "." && text != ".." && !isReservedId(text)
    && !scalars.contains { $0.properties.generalCategory == .control }
    && !isUnseen(scalars.first) && !isUnseen(scalars.last)
  try ensure(isUsable, "not a userId")
  return text
}

/// Such as `ses_` and 22 letters and digits.
private func isReservedId(_ text: String) -> Bool {
  let bytes = Array(text.utf8)
  guard bytes.count == 26, bytes[3] == UInt8(ascii: "_") else { return false }
  let isLower = bytes[..<3].allSatisfy { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
  return isLower && bytes[4...].allSatisfy(isLetterOrDigit)
}

private func isLetterOrDigit(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
    UInt8(ascii: "A")...UInt8(ascii: "Z"):
    return true
  default: return false
  }
}

private func isUnseen(_ scalar: Unicode.Scalar?) -> Bool {
  switch scalar?.properties.generalCategory {
  case .spaceSeparator, .lineSeparator, .paragraphSeparator, .format: return true
  default: return false
  }
}

private func asEventName(_ name: String) throws -> String {
  let text = try ensureLength(name, Limit.nameCharacters)
  let parts = text.unicodeScalars.split(separator: "/", omittingEmptySubsequences: false)
  let isUsable =
    parts.count == 2 && parts.allSatisfy { !$0.isEmpty }
    && !text.unicodeScalars.contains { $0.properties.generalCategory == .control }
    && !["mtribes", "___UI", "sdk"].contains(String(parts[0]))
  try ensure(isUsable, "not category/action, or reserved")
  return storable(text)
}

/// Metadata as the server takes it; nil where there is none.
private func readMetadata(_ given: [(key: String, value: Mtribes.Json)]) throws -> Mtribes.Json? {
  var keys: [String] = []
  let read = try given.map { key, value -> Mtribes.Json in
    let text = try ensureLength(storable(key), Limit.keyCharacters)
    try ensure(
      !text.isEmpty && keys.count < Limit.metadataPairs && !keys.contains(text),
      "an empty or repeated key, or more than \(Limit.metadataPairs)")
    keys.append(text)
    let said = try ensureLength(value.asScalar(), Limit.metadataCharacters)
    return .object(Mtribes.JsonObject([("key", .text(text)), ("value", .text(said))]))
  }
  return read.isEmpty ? nil : .list(read)
}

extension Mtribes {
  /// The fields that have a value.
  static func given(_ fields: [(String, Any?)]) -> [String: Any] {
    var given: [String: Any] = [:]
    for (name, field) in fields {
      if let value = field { given[name] = value }
    }
    return given
  }
}
