package mtribes.runtime

/** Events of one destination that are kept under one name. */
internal class EventsRecord(
    val to: String,
    var place: Int,
    /** What was written or found there last: anything else is another program's. */
    var text: String?,
    /** How much has been written to it: one that has enough is not written again for every further event. */
    var size: Int,
)

/**
 * Keeps events in storage until they are dropped. Many programs may share the
 * places: what another has written is neither overwritten nor removed.
 * `textsOf` lists what a record holds at present.
 */
internal class EventKeeper(
    private val store: Store,
    private val loop: Loop,
    platform: Platform,
    private val textsOf: (EventsRecord) -> List<String>,
) {
    private val changed = LinkedHashSet<EventsRecord>()
    private var open: EventsRecord? = null
    private var place = (platform.random() * EVENT_PLACES).toInt()

    /** Writes what has changed. */
    fun save() {
        val records = changed.toList()
        changed.clear()
        records.forEach(::put)
    }

    fun change(record: EventsRecord?) {
        if (changed.isEmpty()) loop.soon(::save)
        if (record != null) changed.add(record)
    }

    /** In its place if nobody else is there by now; else in the next that is free. */
    private fun put(record: EventsRecord) {
        val texts = textsOf(record)
        repeat(EVENT_PLACES + 1) {
            val name = EVENTS_NAMES[record.place]
            val found = store.read(name)
            if (found == null || found == record.text) return write(record, name, found, texts)
            record.text = null
            record.place = nextPlace(record.place)
            if (texts.isEmpty()) return
        }
    }

    private fun write(
        record: EventsRecord,
        name: String,
        found: String?,
        texts: List<String>,
    ) {
        if (texts.isEmpty()) return store.remove(name)
        val news = (listOf(record.to) + texts).joinToString("\n")
        if (news == found || store.write(name, news)) record.text = news
    }

    /** What the event is kept in from now on. */
    fun keep(
        event: String,
        to: String,
    ): EventsRecord {
        var record = open
        if (record == null || record.to != to || record.size > MOST_CHARACTERS_AGAIN) {
            place = nextPlace(place)
            record = EventsRecord(to, place, null, 0)
            open = record
        }
        record.size += event.length
        change(record)
        return record
    }

    /** What programs that have ended, and others, have kept for this destination, less what is known. */
    fun adopt(
        to: String,
        known: Set<String>,
    ): LinkedHashMap<String, EventsRecord?> {
        val found = LinkedHashMap<String, EventsRecord?>()
        EVENTS_NAMES.forEachIndexed { place, name ->
            val text = store.read(name)
            val lines = text.orEmpty().split("\n")
            if (text != null && lines.first() == to) {
                val record = EventsRecord(to, place, text, text.length)
                adopt(record, lines.drop(1).filter(::isEvent), known, found)
            }
        }
        return found
    }

    private fun adopt(
        record: EventsRecord,
        events: List<String>,
        known: Set<String>,
        found: MutableMap<String, EventsRecord?>,
    ) {
        if (events.isEmpty()) change(record)
        for (event in events) {
            if (event in known) continue
            found[event] = record
            if (record.size < (open?.size ?: Int.MAX_VALUE)) open = record
        }
    }

    fun forget() {
        changed.clear()
        open = null
    }
}

/** Not of what others have written there, which would be in the way of events. */
private fun isEvent(line: String): Boolean =
    try {
        countBytes(line) <= MOST_EVENT_BYTES && asObject(parseJson(line))["id"] != null
    } catch (_: Nonsense) {
        false
    }

private fun nextPlace(place: Int): Int = (place + 1) % EVENT_PLACES
