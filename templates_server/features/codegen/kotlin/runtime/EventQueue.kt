package mtribes.runtime

private val NAMED = Regex("\"path\": *\"\\[?(\\d+)")
private val NAME = Regex("\"name\":\"(.*?)\"")

/** Collects events and sends them in batches until the server has them; the oldest go when there are too many. */
internal class EventQueue(
    private val sender: Sender,
    private val pauses: Pauses,
    private val loop: Loop,
    private val client: Client,
    private val log: Log,
    store: Store,
    platform: Platform,
) {
    /** The events that wait, as they will be sent, with what each is kept in; null: it waits for a key. */
    private var waiting = LinkedHashMap<String, EventsRecord?>()

    /** Those that an app sends which may be gone soon. */
    private val leaving = LinkedHashSet<String>()
    private var atOnce = MOST_EVENTS_AT_ONCE
    private var failures = 0
    private var refusals = 0
    private var isClosed = false
    private var isSending = false
    private var whenSent = ArrayList<() -> Unit>()
    private var cancelPause: Cancel? = null

    /** Where the events of earlier programs belong that are here. */
    private var restored = ""
    private val keeper =
        EventKeeper(store, loop, platform) { record -> waiting.keys.filter { waiting[it] === record } }

    /** Events that were recorded before there was a key are for the first. */
    private fun claim() {
        val to = sender.destination()
        if (to.isEmpty()) return
        for (entry in waiting.entries) if (entry.value == null) entry.setValue(keeper.keep(entry.key, to))
    }

    private fun drop(event: String) {
        keeper.change(waiting[event])
        waiting.remove(event)
    }

    /** Ends a pause. */
    private fun wake() {
        cancelPause?.invoke()
        cancelPause = null
    }

    private fun collect() {
        val over = waiting.keys.take(maxOf(0, waiting.size - MOST_EVENTS_QUEUED))
        if (over.isNotEmpty()) log.once("dropped events: more than $MOST_EVENTS_QUEUED")
        over.forEach(::drop)
        if (isClosed || waiting.isEmpty() || cancelPause != null || isSending) return
        cancelPause = loop.after(COLLECTING_MSEC) { flush {} }
    }

    /** Takes over what earlier programs could not send to where this one sends. */
    fun restore(): Unit =
        loop.soon {
            // An app may have gone on to say where the server is, or that nothing is tracked.
            val to = sender.destination()
            if (to.isNotEmpty() && client.tracking && restored != to) {
                restored = to
                claim()
                val found = keeper.adopt(to, waiting.keys)
                found.putAll(waiting)
                waiting = found
                collect()
            }
        }

    /** The oldest events that are for where it sends now, have not left yet, and fit. */
    private fun next(
        most: Int = atOnce,
        bytes: Int = MOST_BYTES_AT_ONCE,
    ): List<String> {
        val batch = ArrayList<String>()
        val to = sender.destination()
        var room = bytes
        for ((event, record) in waiting) {
            if (batch.size == most) break
            if (record?.to != to || event in leaving || countBytes(event) >= room) continue
            room -= countBytes(event) + 1
            batch.add(event)
        }
        return batch
    }

    private fun post(
        batch: List<String>,
        done: (Reply) -> Unit,
    ): Unit = sender.send("/events", batch.joinToString(",", "[", "]"), null, done)

    /** Some bad events have a whole batch refused: drop those that are named, or find them by halves. */
    private fun refuse(
        batch: List<String>,
        text: String,
    ) {
        val named = NAMED.findAll(text).mapNotNull { it.groupValues[1].toIntOrNull() }.toSet()
        val bad = batch.filterIndexed { place, _ -> place in named || batch.size == 1 }
        atOnce = (batch.size + 1) / 2
        if (bad.isEmpty()) return
        atOnce = MOST_EVENTS_AT_ONCE
        val names = bad.joinToString { NAME.find(it)?.groupValues?.get(1) ?: "?" }.take(LONGEST_UNKNOWN)
        log.always("refused events: ${bad.size}, such as $names: ${text.take(LONGEST_UNKNOWN)}")
        bad.forEach(::drop)
    }

    private fun sendAll() {
        val batch = if (cancelPause == null) next() else emptyList()
        if (batch.isEmpty()) return finish()
        post(batch) { reply ->
            take(batch, reply)
            sendAll()
        }
    }

    private fun take(
        batch: List<String>,
        reply: Reply,
    ) {
        if (hasSucceeded(reply)) {
            batch.forEach(::drop)
            // Where something in between takes no more, that is how many it takes.
            atOnce = minOf(2 * atOnce, MOST_EVENTS_AT_ONCE)
            failures = 0
            refusals = 0
            return
        }
        if (isRefusal(reply)) {
            refuse(batch, reply.text)
            failures = 0
            refusals += 1
            if (refusals <= MOST_REFUSALS_AT_ONCE) return
        }
        failures += 1
        cancelPause = pauses.afterFailure(failures, reply) { flush {} }
    }

    private fun finish() {
        isSending = false
        val called = whenSent
        whenSent = ArrayList()
        called.forEach { it() }
    }

    /** Sends what is waiting; calls `done` when that is done or has failed. */
    fun flush(done: () -> Unit) {
        wake()
        claim()
        if (isSending) {
            whenSent.add(done)
            return
        }
        restore()
        if (next().isEmpty()) return done()
        isSending = true
        whenSent.add(done)
        sendAll()
    }

    /** Sends as much as an app has time for that goes to the background; the rest follows when that has arrived. */
    fun leave() {
        waiting.values.toList().forEach(keeper::change)
        keeper.save()
        val under = countBytes(leaving.joinToString(","))
        val batch = next(MOST_EVENTS_QUEUED, LEAVING_BYTES - under)
        if (batch.isEmpty()) return
        leaving.addAll(batch)
        post(batch) { reply ->
            leaving.removeAll(batch.toSet())
            if (hasSucceeded(reply)) {
                batch.forEach(::drop)
                leave()
            }
            collect()
        }
    }

    fun add(event: Json) {
        if (!client.tracking) return
        val text = writeJson(event)
        ensure(countBytes(text) <= MOST_EVENT_BYTES, "more than $MOST_EVENT_BYTES bytes")
        waiting[text] = null
        claim()
        collect()
    }

    /** Consent is withdrawn: what waits is dropped. */
    fun dropAll() {
        wake()
        waiting.clear()
        restored = ""
        keeper.forget()
    }

    /** Sends what is waiting, and then no more. */
    fun close(done: () -> Unit) {
        isClosed = true
        flush {
            wake()
            keeper.save()
            if (waiting.isNotEmpty()) log.always("events not sent: ${waiting.size}")
            done()
        }
    }
}

/** The answer of the server to events of which some are bad; not of what is in between, such as a network's sign-in. */
private fun isRefusal(reply: Reply): Boolean {
    val isBad = reply.status == 400 || reply.status == 422
    return reply.status == TOO_LARGE || (isBad && reply.text.trimStart().startsWith("{"))
}

/** A page of HTML comes from something in between, such as a network's sign-in. */
private fun hasSucceeded(reply: Reply): Boolean = reply.status in 200..299 && !reply.text.trimStart().startsWith("<")
