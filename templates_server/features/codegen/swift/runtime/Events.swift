extension Mtribes {
  /// Collects events and sends them in batches until the server has them; the oldest go when there are too many.
  final class EventQueue: @unchecked Sendable {
    private let context: Context
    private let sender: Sender
    private let pauses: Pauses
    private let kept: KeptEvents
    private var waiting: [WaitingEvent] = []
    private var batchSize = Limit.eventsAtOnce
    private var failures = 0
    private var refusals = 0
    private var isClosed = false
    /// Ends the pause before the next batch.
    private var stopPause: Stop?
    private var isSending = false
    private var flushing: [@Sendable () -> Void] = []
    /// Where the events of earlier programs belong that are here.
    private var restored = ""

    init(_ context: Context, _ sender: Sender, _ pauses: Pauses, _ store: Store) {
      self.context = context
      self.sender = sender
      self.pauses = pauses
      kept = KeptEvents(context, store)
      kept.textsOf = { [weak self] record in
        (self?.waiting ?? []).filter { $0.record === record }.map { $0.text }
      }
    }

    func add(_ event: JsonObject) throws {
      if !context.settings.tracking { return }
      let waits = WaitingEvent(Json.object(event).written)
      try ensure(waits.bytes <= Limit.bytesOfAnEvent, "more than \(Limit.bytesOfAnEvent) bytes")
      waiting.append(waits)
      claim()
      collect()
    }

    /// Sends what is waiting; calls when that is done or has failed.
    func flush(_ done: @escaping @Sendable () -> Void = {}) {
      wake()
      claim()
      if isSending { return flushing.append(done) }
      restore()
      flushing.append(done)
      isSending = true
      sendNext()
    }

    /// Takes over what earlier programs could not send to where this one sends.
    func restore() {
      // An app may go on to say where the server is, or that nothing is tracked.
      context.soon {
        let destination = self.context.destination
        let isPossible = !destination.isEmpty && self.context.settings.tracking
        guard isPossible, self.restored != destination else { return }
        self.restored = destination
        self.claim()
        let known = Set(self.waiting.map { $0.text })
        self.waiting = self.kept.adopt(destination, known: known) + self.waiting
        self.collect()
      }
    }

    /// Sends as much at once as an app may that may be ended soon; the rest follows when that has arrived.
    func leave() {
      waiting.forEach { kept.change($0.record) }
      kept.save()
      let under = waiting.filter { $0.isLeaving }.reduce(0) { $0 + $1.bytes + 1 }
      let batch = next(Limit.eventsQueued, Limit.bytesOnLeaving - under)
      if batch.isEmpty { return }
      batch.forEach { $0.isLeaving = true }
      post(batch) { reply in
        batch.forEach { $0.isLeaving = false }
        if reply.isSuccess {
          self.drop(batch)
          self.leave()
        }
        self.collect()
      }
    }

    /// Consent is withdrawn: what waits is dropped.
    func dropAll() {
      wake()
      waiting = []
      restored = ""
      kept.forget()
    }

    /// Sends what is waiting, and then no more.
    func close(_ done: @escaping @Sendable () -> Void) {
      isClosed = true
      flush {
        self.wake()
        self.kept.save()
        if !self.waiting.isEmpty { self.context.log("events not sent: \(self.waiting.count)") }
        done()
      }
    }

    /// Events that were recorded before there was a key are for the first.
    private func claim() {
      let destination = context.destination
      if destination.isEmpty { return }
      for event in waiting where event.record == nil {
        event.record = kept.keep(event.text, destination)
      }
    }

    private func drop(_ events: [WaitingEvent]) {
      events.forEach { kept.change($0.record) }
      let dropped = Set(events.map { ObjectIdentifier($0) })
      waiting.removeAll { dropped.contains(ObjectIdentifier($0)) }
    }

    private func wake() {
      stopPause?()
      stopPause = nil
    }

    private func collect() {
      let over = waiting.count - Limit.eventsQueued
      if over > 0 {
        context.logOnce("dropped events: more than \(Limit.eventsQueued)")
        drop(Array(waiting.prefix(over)))
      }
      if isClosed || waiting.isEmpty || stopPause != nil || isSending { return }
      stopPause = context.after(Limit.collectingMsec) { self.flush() }
    }

    /// The oldest events that are for where it sends now, have not left yet, and fit.
    private func next(_ most: Int, _ room: Int) -> [WaitingEvent] {
      let destination = context.destination
      var batch: [WaitingEvent] = []
      var left = room
      for event in waiting where !event.isLeaving && event.record?.destination == destination {
        if batch.count == most || event.bytes >= left { continue }
        left -= event.bytes + 1
        batch.append(event)
      }
      return batch
    }

    private func post(_ batch: [WaitingEvent], _ receive: @escaping @Sendable (Reply) -> Void) {
      let body = "[" + batch.map { $0.text }.joined(separator: ",") + "]"
      _ = sender.send("/events", body, receive)
    }

    private func sendNext() {
      let batch = stopPause == nil ? next(batchSize, Limit.bytesAtOnce) : []
      if batch.isEmpty { return finishSending() }
      post(batch) { reply in
        self.take(reply, batch)
        self.sendNext()
      }
    }

    private func finishSending() {
      isSending = false
      let calls = flushing
      flushing = []
      calls.forEach { $0() }
    }

    private func take(_ reply: Reply, _ batch: [WaitingEvent]) {
      if reply.isSuccess {
        drop(batch)
        // Where something in between takes no more, that is how many it takes.
        batchSize = min(2 * batchSize, Limit.eventsAtOnce)
        failures = 0
        refusals = 0
        return
      }
      if reply.isRefusal {
        refuse(batch, reply.text)
        failures = 0
        refusals += 1
        if refusals <= Limit.refusalsAtOnce { return }
      }
      failures += 1
      stopPause = pauses.after(failures, reply) { self.flush() }
    }

    /// Some bad events have a whole batch refused: drop those that are named, or find them by halves.
    private func refuse(_ batch: [WaitingEvent], _ text: String) {
      let named = namedEvents(text)
      let bad =
        batch.count == 1 ? batch : batch.enumerated().filter { named.contains($0.0) }.map { $0.1 }
      batchSize = (batch.count + 1) / 2
      if bad.isEmpty { return }
      batchSize = Limit.eventsAtOnce
      let names = prefix(of: bad.map(nameOf).joined(separator: ", "), Limit.unknownCharacters)
      let told = prefix(of: text, Limit.unknownCharacters)
      context.log("refused events: \(bad.count), such as \(names): \(told)")
      drop(bad)
    }
  }
}

/// Found only when it is needed: most events are never told of.
private func nameOf(_ event: Mtribes.WaitingEvent) -> String {
  let name = try? Mtribes.JsonParser.parse(event.text).asObject()["name"]?.asText()
  return name ?? "?"
}

/// The places in the batch that the server's problems name, such as `[3].name`.
private func namedEvents(_ text: String) -> Set<Int> {
  guard let problems = try? Mtribes.JsonParser.parse(text).asObject()["errors"]?.asList() else {
    return []
  }
  let paths = problems.compactMap { try? $0.asObject()["path"]?.asText() }
  return Set(
    paths.compactMap { path in
      let place = path.unicodeScalars.drop { $0 == "[" }.prefix { ("0"..."9").contains($0) }
      return Int(String(place))
    })
}
