private let millisecondsOfADay = 86_400_000.0

/// Days since 1970 of a date of the Gregorian calendar.
private func days(year: Int, month: Int, day: Int) -> Int {
  let shifted = month <= 2 ? year - 1 : year
  let era = (shifted >= 0 ? shifted : shifted - 399) / 400
  let yearOfEra = shifted - era * 400
  let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
  return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
}

private func daysOfMonth(year: Int, month: Int) -> Int {
  let next = month == 12 ? (year + 1, 1) : (year, month + 1)
  return days(year: next.0, month: next.1, day: 1) - days(year: year, month: month, day: 1)
}

/// Milliseconds since 1970 of a time in UTC; nil for what is none.
private func milliseconds(date: [Int], time: [Int], fraction: Double = 0) -> Double? {
  let (year, month, day) = (date[0], date[1], date[2])
  guard (1...12).contains(month), (1...daysOfMonth(year: year, month: month)).contains(day),
    time[0] < 24, time[1] < 60, time[2] < 60
  else { return nil }
  let seconds = Double(time[0] * 3600 + time[1] * 60 + time[2]) + fraction
  return Double(days(year: year, month: month, day: day)) * millisecondsOfADay + seconds * 1000
}

/// Such as `2027-04-30T22:00:00.000Z`.
private func timestamp(ofMilliseconds time: Double) -> String {
  let whole = time.rounded(.down)
  let date = gregorian(day: Int((whole / millisecondsOfADay).rounded(.down)))
  let rest = Int(whole - (whole / millisecondsOfADay).rounded(.down) * millisecondsOfADay)
  let (hour, minute, second) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60)
  return "\(pad(date.year, 4))-\(pad(date.month, 2))-\(pad(date.day, 2))"
    + "T\(pad(hour, 2)):\(pad(minute, 2)):\(pad(second, 2)).\(pad(rest % 1000, 3))Z"
}

private func gregorian(day: Int) -> (year: Int, month: Int, day: Int) {
  let shifted = day + 719_468
  let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
  let dayOfEra = shifted - era * 146_097
  let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
  let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
  let shiftedMonth = (5 * dayOfYear + 2) / 153
  let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
}

private func pad(_ number: Int, _ digits: Int) -> String {
  let text = String(number)
  return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
}

/// Reads numbers of fixed width from a text of ASCII.
private struct DigitReader {
  private var rest: Substring.UTF8View

  init(_ text: String) {
    rest = Substring(text).utf8
  }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func read(_ digits: Int) throws -> Int {
    let read = rest.prefix(digits)
    guard read.count == digits, read.allSatisfy({ (0x30...0x39).contains($0) }) else {
      throw Nonsense()
    }
    rest = rest.dropFirst(digits)
    return read.reduce(0) { $0 * 10 + Int($1) - 0x30 }
  }

  mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard rest.first == UInt8(ascii: character) else { return false }
    rest = rest.dropFirst()
    return true
  }

  mutating func expect(_ character: Unicode.Scalar) throws {
    try ensure(skip(character))
  }

  mutating func readFraction() throws -> Double {
    let digits = rest.prefix { (0x30...0x39).contains($0) }
    try ensure(!digits.isEmpty)
    rest = rest.dropFirst(digits.count)
    return digits.reversed().reduce(0.0) { ($0 + Double($1) - 0x30) / 10 }
  }
}

/// A date of RFC 3339, such as `2027-04-30T22:00:00Z`.
private func dateOfText(_ text: String) throws -> Date {
  var reader = DigitReader(text)
  let year = try reader.read(4)
  try reader.expect("-")
  let month = try reader.read(2)
  try reader.expect("-")
  let day = try reader.read(2)
  try reader.expect("T")
  let hour = try reader.read(2)
  try reader.expect(":")
  let minute = try reader.read(2)
  let second = reader.skip(":") ? try reader.read(2) : 0
  let fraction = reader.skip(".") ? try reader.readFraction() : 0
  let offset = try readOffset(&reader)
  try ensure(reader.isAtEnd)
  guard
    let time = milliseconds(
      date: [year, month, day], time: [hour, minute, second], fraction: fraction)
  else { throw Nonsense() }
  return Date(timeIntervalSince1970: time / 1000 - offset)
}

/// How many seconds a time is before UTC.
private func readOffset(_ reader: inout DigitReader) throws -> Double {
  if reader.skip("Z") { return 0 }
  let sign = reader.skip("-") ? -1.0 : 1.0
  if sign > 0 { try reader.expect("+") }
  let hours = try reader.read(2)
  try reader.expect(":")
  return sign * Double(hours * 3600 + (try reader.read(2)) * 60)
}

private let monthNames = [
  "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
]

/// A date as HTTP has it, such as `Sun, 06 Nov 1994 08:49:37 GMT`, in milliseconds since 1970.
private func httpDate(_ text: String) -> Double? {
  let words = text.split(separator: " ").map(String.init)
  guard words.count == 6, words[5] == "GMT", let month = monthNames.firstIndex(of: words[2]) else {
    return nil
  }
  let numbers = ([words[1], words[3]] + words[4].split(separator: ":").map(String.init)).map {
    UInt16($0)
  }
  let known = numbers.compactMap { $0 }.map { Int($0) }
  guard numbers.count == 5, known.count == 5 else { return nil }
  return milliseconds(date: [known[1], month + 1, known[0]], time: Array(known[2...]))
}
