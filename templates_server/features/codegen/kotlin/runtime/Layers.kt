package mtribes.runtime

/** Tells those who want to be told when a state has changed. `tell` calls later, and outside of all locks. */
internal class Listeners<S : Any>(
    name: String,
    private val calls: Calls,
    private val first: () -> S,
) {
    private class Listener(
        val call: () -> Unit,
    )

    private val failed = "a listener of $name failed"
    private val all = LinkedHashSet<Listener>()
    private var told: S? = null

    fun onChange(call: () -> Unit): AutoCloseable {
        val listener = Listener(call)
        synchronized(all) { all.add(listener) }
        return AutoCloseable { synchronized(all) { all.remove(listener) } }
    }

    /** Calls them if that is not what they were told of last, until one of them changes it: then all are told of that. */
    fun announce(state: S) {
        synchronized(all) {
            if (state == (told ?: first())) return
            told = state
            if (all.isEmpty()) return
        }
        calls.tell { deliver(state) }
    }

    private fun deliver(state: S) {
        for (listener in synchronized(all) { all.toList() }) {
            if (synchronized(all) { told !== state }) return
            if (synchronized(all) { listener in all }) calls.attempt(failed, listener.call)
        }
    }
}

/** Calls the app. */
internal interface Calls : Attempts {
    /** Later, where the app wants to be called, outside of all locks. */
    fun tell(call: () -> Unit)
}

/** What an entity needs of the Space that it belongs to. */
internal interface Surroundings : Calls {
    /** Guards what is shown. */
    val shown: Any

    /** Whether what is read now stays for the session. */
    fun isLocking(): Boolean

    /** Whether what is served is somebody else's. */
    fun isHidden(): Boolean

    /** Whether states of a test are served, in which much may be missing. */
    fun isTest(): Boolean

    fun record(
        name: String,
        metadata: List<Pair<String, Any?>>,
        place: Json = emptyMap(),
    )
}

/** Reads a state that the server sent; `otherwise` stands in for what cannot be used. */
internal typealias Parse<S> = (wire: Any?, otherwise: S, note: Note) -> S

/**
 * Holds the layers of an entity's state, highest first: session lock, latest,
 * the session before, fallback. All but `read` is called by those who hold the
 * lock `space.shown`.
 */
internal class Layers<S : Any>(
    private val space: Surroundings,
    private val entity: String,
    private val parse: Parse<S>,
    private val makeFallback: () -> S,
) {
    /** A state, and what the server sent for it. */
    private class Held<S>(
        val state: S,
        var wire: Any?,
    )

    private var made: Held<S>? = null
    private var first: Held<S>? = null
    private var locked: Held<S>? = null
    private var latest: Held<S>? = null
    private var before: Held<S>? = null
    private val listeners = Listeners(entity, space) { fallback().state }

    /** What could not be used of the latest state. */
    var unknown: List<String> = emptyList()
        private set

    /** What this code holds itself; it is read when it is first needed. */
    private fun fallback(): Held<S> = made ?: Held(makeFallback(), null).also { made = it }

    private fun current(): Held<S> = locked ?: latest ?: before ?: fallback()

    fun readFallback(): S = synchronized(space.shown) { fallback().state }

    /** What the first rendering shows. */
    fun readInitial(): S = synchronized(space.shown) { (first?.takeUnless { space.isHidden() } ?: fallback()).state }

    /** The state to show. While the session locks, it stays what it was when it was first read. */
    fun read(): S =
        synchronized(space.shown) {
            if (space.isHidden()) return fallback().state
            val held = current()
            if (space.isLocking()) locked = held
            held.state
        }

    fun onChange(listener: () -> Unit): AutoCloseable = listeners.onChange(listener)

    /** What the server sent for what is shown; null: the fallback is shown. */
    fun wire(): Any? = current().wire

    /** Takes a new state; one that is none at all is as good as no answer. */
    fun serve(wire: Any?) {
        val found = ArrayList<String>()
        val note: Note = { place, value ->
            val isLeftOut = value === Missing && space.isTest()
            if (!isLeftOut && found.size < MOST_UNKNOWN) found.add(unknownEntry(place, value))
        }
        val state = readOr<S?>(wire, null, entity, note) { parse(it, fallback().state, note) }
        val present = current()
        val taken = if (state == null || state == present.state) present.takeIf { state != null } else Held(state, null)
        taken?.wire = wire
        unknown = found
        latest = taken
        before = null
    }

    /** What is shown now is what the first rendering shows. */
    fun begin() {
        first = current()
    }

    /** The same person starts again: what is shown stays until there is something newer. */
    fun keep() {
        before = locked ?: latest ?: before
        locked = null
        latest = null
    }

    fun unlock() {
        locked = null
    }

    /** Nothing is served any more. What was read stays while the session locks. */
    fun drop() {
        latest = null
        before = null
        // Who was served the same may have had more than this code knows.
        made?.wire = null
        unknown = emptyList()
    }

    /** Calls the listeners if what they were told of last is no longer what is shown. */
    fun announce(): Unit = listeners.announce(current().state)
}
