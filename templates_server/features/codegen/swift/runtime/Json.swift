/// Thrown and caught in here, for a value that cannot be used; the message is for what an app gives.
private struct Nonsense: Error {
  let message: String

  init(_ message: String = "") {
    self.message = message
  }
}

private func ensure(_ holds: Bool, _ message: String = "") throws {
  if !holds { throw Nonsense(message) }
}

extension Mtribes {
  /// A JSON value.
  enum Json: Equatable, Sendable {
    case null
    case bool(Bool)
    case number(Double)
    case text(String)
    case list([Json])
    case object(JsonObject)
  }

  /// The members of a JSON object, in the order in which they came.
  struct JsonObject: Equatable, Sendable {
    private(set) var keys: [String] = []
    private var values: [String: Json] = [:]

    /// Members without a value are left out.
    init(_ members: [(String, Json?)] = []) {
      for (key, value) in members {
        self[key] = value
      }
    }

    subscript(key: String) -> Json? {
      get { values[key] }
      set {
        if let value = newValue {
          if values.updateValue(value, forKey: key) == nil { keys.append(key) }
        } else if values.removeValue(forKey: key) != nil {
          keys.removeAll { $0 == key }
        }
      }
    }
  }
}

extension Mtribes.Json {
  func asObject() throws -> Mtribes.JsonObject {
    guard case .object(let object) = self else { throw Nonsense("not an object") }
    return object
  }

  func asList() throws -> [Mtribes.Json] {
    guard case .list(let list) = self else { throw Nonsense("not a list") }
    return list
  }

  func asText() throws -> String {
    guard case .text(let text) = self else { throw Nonsense("not a text") }
    return text
  }

  func asBool() throws -> Bool {
    guard case .bool(let flag) = self else { throw Nonsense("not a boolean") }
    return flag
  }

  func asNumber() throws -> Double {
    guard case .number(let number) = self, number.isFinite else { throw Nonsense("not a number") }
    return number
  }

  /// The text of a scalar.
  func asScalar() throws -> String {
    switch self {
    case .text(let text): return storable(text)
    case .bool(let flag): return flag ? "true" : "false"
    case .number: return numberText(try asNumber())
    default: throw Nonsense("not a scalar")
    }
  }

  /// As ECMAScript writes it.
  var written: String {
    var text = ""
    write(into: &text)
    return text
  }

  private func write(into text: inout String) {
    switch self {
    case .null: text += "null"
    case .bool(let flag): text += flag ? "true" : "false"
    case .number(let number): text += number.isFinite ? numberText(number) : "null"
    case .text(let given): writeText(given, into: &text)
    case .list(let list): writeList(list, into: &text)
    case .object(let object): writeObject(object, into: &text)
    }
  }

  private func writeList(_ list: [Mtribes.Json], into text: inout String) {
    text += "["
    for (at, value) in list.enumerated() {
      if at > 0 { text += "," }
      value.write(into: &text)
    }
    text += "]"
  }

  private func writeObject(_ object: Mtribes.JsonObject, into text: inout String) {
    text += "{"
    for (at, key) in object.keys.enumerated() {
      if at > 0 { text += "," }
      writeText(key, into: &text)
      text += ":"
      (object[key] ?? .null).write(into: &text)
    }
    text += "}"
  }

  private func writeText(_ given: String, into text: inout String) {
    text += "\""
    for scalar in given.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\u{8}": text += "\\b"
      case "\u{c}": text += "\\f"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\u{0}"..."\u{1f}": text += "\\u" + hexadecimal(scalar.value, digits: 4)
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}

private func hexadecimal(_ number: UInt32, digits: Int) -> String {
  let text = String(number, radix: 16)
  return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
}

/// A finite number as ECMAScript writes it, so that every language sends the same.
private func numberText(_ number: Double) -> String {
  if number == 0 { return "0" }
  let parts = "\(number.magnitude)".split(separator: "e")
  let mantissa = parts[0].split(separator: ".")
  let fraction = mantissa.count > 1 ? mantissa[1] : ""
  var digits = Array((mantissa[0] + fraction).utf8)
  var point = mantissa[0].utf8.count + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
  let leading = digits.prefix { $0 == UInt8(ascii: "0") }.count
  digits.removeFirst(leading)
  point -= leading
  while digits.last == UInt8(ascii: "0") { digits.removeLast() }
  return (number < 0 ? "-" : "") + place(String(decoding: digits, as: UTF8.self), point: point)
}

/// The digits with the decimal point after so many of them.
private func place(_ digits: String, point: Int) -> String {
  let count = digits.utf8.count
  if count <= point, point <= 21 { return digits + String(repeating: "0", count: point - count) }
  if 0 < point, point <= 21 { return "\(digits.prefix(point)).\(digits.dropFirst(point))" }
  if -6 < point, point <= 0 { return "0." + String(repeating: "0", count: -point) + digits }
  let exponent = point - 1
  let rest = digits.dropFirst()
  let head = digits.prefix(1) + (rest.isEmpty ? "" : ".\(rest)")
  return "\(head)e\(exponent < 0 ? "-" : "+")\(exponent.magnitude)"
}

extension Mtribes {
  /// Reads JSON, of bounded depth: what somebody sends must not exhaust the stack.
  struct JsonParser {
    private let bytes: [UInt8]
    private var at = 0

    private init(_ text: String) {
      bytes = Array(text.utf8)
    }

    static func parse(_ text: String) throws -> Json {
      var parser = JsonParser(text)
      let value = try parser.readValue(depth: 0)
      parser.skipSpace()
      try ensure(parser.at == parser.bytes.count, "not JSON")
      return value
    }

    private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func skipSpace() {
      while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 {
        at += 1
      }
    }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
      guard next == UInt8(ascii: character) else { return false }
      at += 1
      return true
    }

    private mutating func expect(_ text: String) throws {
      for byte in text.utf8 {
        try ensure(next == byte, "not JSON")
        at += 1
      }
    }

    private mutating func readValue(depth: Int) throws -> Json {
      try ensure(depth < Limit.nestedValues, "nested too deep")
      skipSpace()
      switch next {
      case UInt8(ascii: "{"): return .object(try readObject(depth: depth + 1))
      case UInt8(ascii: "["): return .list(try readList(depth: depth + 1))
      case UInt8(ascii: "\""): return .text(try readText())
      case UInt8(ascii: "t"): return try readWord("true", .bool(true))
      case UInt8(ascii: "f"): return try readWord("false", .bool(false))
      case UInt8(ascii: "n"): return try readWord("null", .null)
      default: return .number(try readNumber())
      }
    }

    private mutating func readWord(_ word: String, _ value: Json) throws -> Json {
      try expect(word)
      return value
    }

    private mutating func readObject(depth: Int) throws -> JsonObject {
      var object = JsonObject()
      at += 1
      skipSpace()
      if skip("}") { return object }
      repeat {
        skipSpace()
        let key = try readText()
        skipSpace()
        try expect(":")
        object[key] = try readValue(depth: depth)
        skipSpace()
      } while skip(",")
      try expect("}")
      return object
    }

    private mutating func readList(depth: Int) throws -> [Json] {
      var list: [Json] = []
      at += 1
      skipSpace()
      if skip("]") { return list }
      repeat {
        list.append(try readValue(depth: depth))
        skipSpace()
      } while skip(",")
      try expect("]")
      return list
    }

    private mutating func readNumber() throws -> Double {
      let start = at
      _ = skip("-")
      if !skip("0") { try skipDigits() }
      if skip(".") { try skipDigits() }
      if skip("e") || skip("E") {
        if !skip("+") { _ = skip("-") }
        try skipDigits()
      }
      guard let number = Double(String(decoding: bytes[start..<at], as: UTF8.self)) else {
        throw Nonsense("not JSON")
      }
      return number
    }

    private mutating func skipDigits() throws {
      let start = at
      while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { at += 1 }
      try ensure(at > start, "not JSON")
    }

    private mutating func readText() throws -> String {
      try expect("\"")
      var text = ""
      var start = at
      while let byte = next, byte != UInt8(ascii: "\"") {
        try ensure(byte >= 0x20, "not JSON")
        if byte == UInt8(ascii: "\\") {
          text += String(decoding: bytes[start..<at], as: UTF8.self)
          text.unicodeScalars.append(try readEscape())
          start = at
        } else {
          at += 1
        }
      }
      text += String(decoding: bytes[start..<at], as: UTF8.self)
      try expect("\"")
      return text
    }

    private mutating func readEscape() throws -> Unicode.Scalar {
      at += 1
      let escaped = next
      at += 1
      switch escaped {
      case UInt8(ascii: "\""): return "\""
      case UInt8(ascii: "\\"): return "\\"
      case UInt8(ascii: "/"): return "/"
      case UInt8(ascii: "b"): return "\u{8}"
      case UInt8(ascii: "f"): return "\u{c}"
      case UInt8(ascii: "n"): return "\n"
      case UInt8(ascii: "r"): return "\r"
      case UInt8(ascii: "t"): return "\t"
      case UInt8(ascii: "u"): return try readUnicode()
      default: throw Nonsense("not JSON")
      }
    }

    /// Half of a surrogate pair becomes the replacement character: no text can hold it.
    private mutating func readUnicode() throws -> Unicode.Scalar {
      let first = try readUnit()
      if let scalar = Unicode.Scalar(first) { return scalar }
      let start = at
      if first < 0xdc00, skip("\\"), skip("u") {
        let second = try readUnit()
        if (0xdc00...0xdfff).contains(second) {
          let pair = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)
          return Unicode.Scalar(pair) ?? "\u{fffd}"
        }
      }
      at = start
      return "\u{fffd}"
    }

    private mutating func readUnit() throws -> UInt32 {
      try ensure(at + 4 <= bytes.count, "not JSON")
      let digits = bytes[at..<at + 4]
      let isHexadecimal = digits.allSatisfy { Unicode.Scalar($0).properties.isASCIIHexDigit }
      guard isHexadecimal, let unit = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
      else {
        throw Nonsense("not JSON")
      }
      at += 4
      return unit
    }
  }
}
