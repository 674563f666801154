/// The text as it can be sent and stored: no server stores NUL.
private func storable(_ text: String) -> String {
  text.utf8.contains(0) ? replace(in: text) { $0 == "\0" } : text
}

/// Without what nobody sees, would be a line of its own in a log, or is an order to a terminal.
private func visible(_ text: String) -> String {
  replace(in: text) { scalar in
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
      .paragraphSeparator:
      return true
    default: return false
    }
  }
}

private func replace(in text: String, where isReplaced: (Unicode.Scalar) -> Bool) -> String {
  var result = String.UnicodeScalarView()
  for scalar in text.unicodeScalars {
    result.append(isReplaced(scalar) ? "\u{fffd}" : scalar)
  }
  return String(result)
}

/// At most so many characters, counted in UTF-16 as the other languages count them.
private func prefix(of text: String, _ most: Int) -> String {
  var result = String.UnicodeScalarView()
  var count = 0
  for scalar in text.unicodeScalars {
    count += scalar.value > 0xffff ? 2 : 1
    if count > most { break }
    result.append(scalar)
  }
  return String(result)
}

private func ensureLength(_ text: String, _ most: Int) throws -> String {
  try ensure(text.utf16.count <= most, "longer than \(most) characters")
  return text
}

/// How a text is called in a message.
private func describe(_ text: String) -> String {
  Mtribes.Json.text(prefix(of: text, Limit.keyCharacters)).written
}

/// Whether both are the same characters, not merely look the same.
private func isSame(_ one: String, _ other: String) -> Bool {
  one.utf8.elementsEqual(other.utf8)
}

/// Lines, without what Swift takes for one character, such as a carriage return with its line feed.
private func lines(of text: String) -> [String] {
  text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
}

extension CharacterSet {
  /// What needs no escape in a part of a URL.
  fileprivate static let unreserved = CharacterSet(
    charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
}

private func escaped(_ text: String) -> String {
  text.addingPercentEncoding(withAllowedCharacters: .unreserved) ?? ""
}
