extension Mtribes {
  /// An event as it will be sent, with what it is kept in; nothing: it waits for a key.
  final class WaitingEvent: @unchecked Sendable {
    let text: String
    let bytes: Int
    var record: EventsRecord?
    /// It is sent already by an app that may be ended soon.
    var isLeaving = false

    init(_ text: String, record: EventsRecord? = nil) {
      self.text = text
      self.record = record
      bytes = text.utf8.count
    }
  }

  /// Events of one destination that are kept under one name.
  final class EventsRecord: @unchecked Sendable {
    let destination: String
    var place: Int
    /// How much has been written to it: one that has enough is not written again for every further event.
    var size: Int
    /// What was written or found there last: anything else is another program's.
    var text: String?

    init(_ destination: String, place: Int, size: Int = 0, text: String? = nil) {
      self.destination = destination
      self.place = place
      self.size = size
      self.text = text
    }
  }

  /// Keeps events in storage from when they are tracked until they are dropped.
  ///
  /// Many programs may share the places: what another has written is neither overwritten nor removed.
  final class KeptEvents: @unchecked Sendable {
    private let context: Context
    private let store: Store
    private var changed: [EventsRecord] = []
    private var open: EventsRecord?
    private var place: Int
    private var willSave = false
    /// Lists what a record holds at present.
    var textsOf: (EventsRecord) -> [String] = { _ in [] }

    init(_ context: Context, _ store: Store) {
      self.context = context
      self.store = store
      place = Int(context.platform.random() * Double(Limit.eventPlaces))
    }

    /// What the event is kept in from now on.
    func keep(_ event: String, _ destination: String) -> EventsRecord {
      var record = open.flatMap {
        $0.destination == destination && $0.size <= Limit.charactersOfARecord ? $0 : nil
      }
      if record == nil {
        place = nextPlace(place)
        record = EventsRecord(destination, place: place)
        open = record
      }
      let kept = record ?? EventsRecord(destination, place: place)
      kept.size += event.utf16.count
      change(kept)
      return kept
    }

    /// The record is written when what runs now is done.
    func change(_ record: EventsRecord?) {
      guard let news = record else { return }
      if !changed.contains(where: { $0 === news }) { changed.append(news) }
      if willSave { return }
      willSave = true
      context.soon {
        self.willSave = false
        self.save()
      }
    }

    /// Writes what has changed.
    func save() {
      while let record = changed.first {
        changed.removeFirst()
        put(record)
      }
    }

    /// In its place if nobody else is there by now; else in the next that is free.
    private func put(_ record: EventsRecord) {
      let texts = textsOf(record)
      for _ in 0...Limit.eventPlaces {
        let name = Store.events[record.place]
        let found = store.read(name)
        if found != nil && found != record.text {
          record.text = nil
          record.place = nextPlace(record.place)
          if texts.isEmpty { return }
          continue
        }
        if texts.isEmpty { return store.remove(name) }
        let news = ([record.destination] + texts).joined(separator: "\n")
        if news == found || store.write(name, news) { record.text = news }
        return
      }
    }

    /// What earlier programs, and others, have kept for this destination, less what is known.
    func adopt(_ destination: String, known: Set<String>) -> [WaitingEvent] {
      var found: [WaitingEvent] = []
      for (place, name) in Store.events.enumerated() {
        guard let text = store.read(name) else { continue }
        let all = lines(of: text)
        guard isSame(all[0], destination) else { continue }
        let record = EventsRecord(destination, place: place, size: text.utf16.count, text: text)
        let events = all.dropFirst().filter(isEvent)
        if events.isEmpty { change(record) }
        for event in events where !known.contains(event) {
          found.append(WaitingEvent(event, record: record))
          if open.map({ record.size < $0.size }) ?? true { open = record }
        }
      }
      return found
    }

    func forget() {
      changed = []
      open = nil
    }
  }
}

/// Not of what others have written there, which would be in the way of events.
private func isEvent(_ line: String) -> Bool {
  guard line.utf8.count <= Limit.bytesOfAnEvent,
    let event = try? Mtribes.JsonParser.parse(line).asObject()
  else {
    return false
  }
  return event["id"] != nil
}

private func nextPlace(_ place: Int) -> Int {
  (place + 1) % Limit.eventPlaces
}
