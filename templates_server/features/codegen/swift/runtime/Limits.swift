/// The numbers that this file goes by.
private enum Limit {
  static let unknownEntries = 20
  static let unknownCharacters = 200
  static let loggedOnce = 200

  static let nestedValues = 250

  static let nameCharacters = 256
  static let keyCharacters = 64
  static let metadataCharacters = 1024
  static let metadataPairs = 3
  static let fieldCharacters = 4096
  static let fields = 100

  static let eventPlaces = 64
  /// A record that has more is not written again for every further event.
  static let charactersOfARecord = 16_000
  static let eventsQueued = 1000
  static let eventsAtOnce = 100
  static let bytesAtOnce = 500_000
  static let bytesOfAnEvent = 32_768
  /// An app that goes to the background may be ended soon: no more than this is under way then.
  static let bytesOnLeaving = 60_000
  static let collectingMsec = 1000.0
  /// As many as it takes to find one bad event among the most that are sent at once, and more.
  static let refusalsAtOnce = 10

  static let shortestPauseMsec = 1000.0
  static let longestPauseMsec = 60_000.0
  /// After an answer such as 404 or 500, which may last: the network's return does not end it.
  static let longestPauseAfterAnAnswerMsec = 300_000.0
  static let longestRetryAfterMsec = 3_600_000.0
  static let longestTimerMsec = 2_000_000_000.0

  static let timeoutMsec = 30_000.0
  static let changesTimeoutMsec = 40_000.0
  static let changesWaitSeconds = 25
  /// Two answers never follow each other faster than that.
  static let shortestRestMsec = 1000.0
  /// Who says sooner that nothing is new was to wait and did not, and is asked ever more rarely.
  static let earlyMsec = 10_000.0
  static let longestRestMsec = 25_000.0
  /// A server that does not know the session that it has just begun is asked less often.
  static let failuresOfANewSession = 5
}
