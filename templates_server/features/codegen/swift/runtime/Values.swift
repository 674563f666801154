extension Mtribes {
  /// A color: `value` is `#rrggbb`, or nil when unset; `opacity` lies in 0...1.
  public struct Color: Equatable, Sendable {
    public let value: String?
    public let opacity: Double

    public init(value: String? = nil, opacity: Double = 1) {
      self.value = value
      self.opacity = opacity
    }
  }
}

/// Takes note of what cannot be used: where it stands, and what it is; nil: it is missing.
private typealias Note = (_ place: String, _ value: Mtribes.Json?) -> Void

/// Such as `homepage.body[1].layout: "tall"`.
private func unknownEntry(_ place: String, _ value: Mtribes.Json?) -> String {
  visible(prefix(of: "\(place): \(value?.written ?? "missing")", Limit.unknownCharacters))
}

/// The value as it is read, or else the other one.
private func readOr<Value>(
  _ value: Mtribes.Json?, _ otherwise: Value, _ place: String, _ note: Note,
  _ read: (Mtribes.Json) throws -> Value
) -> Value {
  if let given = value, let result = try? read(given) { return result }
  note(place, value)
  return otherwise
}

extension Mtribes {
  /// Gives an experience its properties, by raw key: the default for what is not given, and for what cannot be used.
  struct PropertyReader {
    private let given: JsonObject?
    private let place: String
    private let note: (_ place: String, _ value: Json?) -> Void

    /// Reads defaults alone.
    static var defaults: PropertyReader { PropertyReader(given: nil, place: "") { _, _ in } }

    private init(given: JsonObject?, place: String, note: @escaping (String, Json?) -> Void) {
      self.given = given
      self.place = place
      self.note = note
    }

    init(_ wire: Json?, place: String, note: @escaping (String, Json?) -> Void) {
      let given = readOr(wire, nil, "\(place).properties", note) { value -> JsonObject? in
        try value.asObject()
      }
      self.init(given: given, place: place, note: note)
    }

    private func read<Value>(_ key: String, _ otherwise: Value, _ read: (Json) throws -> Value)
      -> Value
    {
      guard let given = given else { return otherwise }
      let value = given[key]
      return value == .null ? otherwise : readOr(value, otherwise, "\(place).\(key)", note, read)
    }

    func text(_ key: String, _ otherwise: String) -> String {
      read(key, otherwise) { try $0.asText() }
    }

    func text(_ key: String) -> String? {
      read(key, nil) { try $0.asText() }
    }

    func number(_ key: String, _ otherwise: Double) -> Double {
      read(key, otherwise) { try $0.asNumber() }
    }

    func number(_ key: String) -> Double? {
      read(key, nil) { try $0.asNumber() }
    }

    func toggle(_ key: String, _ otherwise: Bool) -> Bool {
      read(key, otherwise) { try $0.asBool() }
    }

    func toggle(_ key: String) -> Bool? {
      read(key, nil) { try $0.asBool() }
    }

    func color(_ key: String, _ otherwise: Color = Color()) -> Color {
      read(key, otherwise) { try Color(wire: $0.asObject()) }
    }

    /// The default is in seconds since 1970.
    func date(_ key: String, _ otherwise: Double) -> Date {
      read(key, Date(timeIntervalSince1970: otherwise)) { try dateOfText($0.asText()) }
    }

    func date(_ key: String) -> Date? {
      read(key, nil) { try dateOfText($0.asText()) }
    }

    func list(_ key: String, _ otherwise: [String] = []) -> [String] {
      read(key, otherwise) { try $0.asList().map { try $0.asText() } }
    }

    func option<Option: CaseIterable & RawRepresentable>(_ key: String, _ otherwise: Option)
      -> Option
    where Option.RawValue == String {
      read(key, otherwise) { value in
        let text = try value.asText()
        guard let option = Option.allCases.first(where: { isSame($0.rawValue, text) }) else {
          throw Nonsense()
        }
        return option
      }
    }
  }
}

extension Mtribes.Color {
  fileprivate init(wire: Mtribes.JsonObject) throws {
    let given = wire["value"] ?? .null
    value = given == .null ? nil : try given.asText()
    opacity = try (wire["opacity"].flatMap { $0 == .null ? nil : $0 } ?? .number(1)).asNumber()
    try ensure(value.map(isHexadecimalColor) ?? true)
    try ensure((0...1).contains(opacity))
  }
}

private func isHexadecimalColor(_ text: String) -> Bool {
  let scalars = text.unicodeScalars
  return scalars.count == 7 && scalars.first == "#"
    && scalars.dropFirst().allSatisfy { $0.properties.isASCIIHexDigit }
}
