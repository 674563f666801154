package mtribes.runtime

import kotlin.coroutines.resume
import kotlin.coroutines.suspendCoroutine

/** How far a session is. */
public enum class SessionStatus(
    /** As messages call it. */
    public val value: String,
) {
    /** Not started. */
    IDLE("idle"),

    /** Asked, and still waiting. */
    STARTING("starting"),

    /** The server's answer is there. */
    SERVED("served"),

    /**
     * Fallbacks are served, or what the same person was served before; `failure`
     * says why, the start is tried again, and an answer makes it `SERVED`.
     */
    FALLBACK("fallback"),
}

/** Why fallbacks are served; while the status is `SERVED`: why changes do not come through. */
public enum class SessionFailure(
    /** As messages call it. */
    public val value: String,
) {
    /** There is no API key. */
    MISSING_KEY("missing-key"),

    /** The server did not answer in time. */
    TIMEOUT("timeout"),

    /** The server cannot be reached. */
    NETWORK("network"),

    /** The server or this code refused the start. */
    REFUSED("refused"),

    /** The server failed. */
    SERVER("server"),

    /** The answer is none. */
    NONSENSE("nonsense"),

    /** The session of another person has not ended. */
    IN_USE("in-use"),
}

/** How a session is at one time. */
public class SessionState internal constructor(
    public val status: SessionStatus,
    public val failure: SessionFailure? = null,
    /** Which revision of the states is served; null while none is. */
    public val revision: String? = null,
) {
    override fun equals(other: Any?): Boolean =
        other is SessionState && other.status == status && other.failure == failure && other.revision == revision

    override fun hashCode(): Int = (status.hashCode() * 31 + failure.hashCode()) * 31 + revision.hashCode()

    override fun toString(): String = "$status $failure $revision"
}

internal val IDLE = SessionState(SessionStatus.IDLE)

/** What is told to those who were refused. */
internal val REFUSED = SessionState(SessionStatus.FALLBACK, SessionFailure.IN_USE)

/**
 * A session to go on with elsewhere: what a server rendered, an app shows. Its
 * text is JSON, without secrets.
 */
public class Snapshot(
    public val json: String,
) {
    override fun equals(other: Any?): Boolean = other is Snapshot && other.json == json

    override fun hashCode(): Int = json.hashCode()

    override fun toString(): String = json
}

/** Which generated code this is: the hash of all that it is made of. */
internal class GeneratedCode(
    val hash: String,
    val language: String,
)

/** A session's answer, or a change to it. */
internal class Served(
    val session: String?,
    val revision: String,
    val states: Json,
)

/** Null for an answer that is none. */
internal fun readServed(reply: Reply): Served? =
    try {
        if (reply.status == 200) asServed(parseJson(reply.text)) else null
    } catch (_: Nonsense) {
        null
    }

internal fun asServed(value: Any?): Served {
    val wire = asObject(value)
    val session = (wire["session"] as? String)?.ifEmpty { null }?.let(::storable)
    return Served(session, scalarText(wire["revision"]), asObject(wire["states"]))
}

internal fun failureOf(reply: Reply): SessionFailure =
    when {
        reply.status == 0 -> SessionFailure.NETWORK
        reply.status >= 500 -> SessionFailure.SERVER
        reply.status >= 400 -> SessionFailure.REFUSED
        else -> SessionFailure.NONSENSE
    }

/** One run of the app for one person. Nothing here waits for the network, or throws. */
public class Session internal constructor(
    private val runner: Runner,
) {
    public val status: SessionStatus
        get() = state.status

    /** What is wrong; null while nothing is. */
    public val failure: SessionFailure?
        get() = state.failure

    /** Which revision of the states is served; null while none is. */
    public val revision: String?
        get() = state.revision

    /** Status, failure and revision: the same object until one of them changes. */
    public val state: SessionState
        get() = runner.state()

    /** What the first rendering shows: the state of `bootstrap`, else `IDLE`. */
    public val initial: SessionState
        get() = runner.initial

    /** What was served and this code could not use, such as `homepage.body[1].layout: "tall"`. */
    public val unknown: List<String>
        get() = runner.unknown()

    /**
     * Begins a session, ending the one before it, and calls [callback] with the
     * status once it is known, at the latest after `client.waitTimeMsec`. On a
     * server, another person's start is refused until [end] was called.
     */
    public fun start(
        options: StartOptions = StartOptions(),
        callback: ((SessionStatus) -> Unit)? = null,
    ): Unit = runner.start(options) { callback?.invoke(status) }

    /** Begins a session as [start] does, and returns the status once it is known. */
    public suspend fun startAndAwait(options: StartOptions = StartOptions()): SessionStatus =
        suspendCoroutine { continuation -> start(options) { continuation.resume(it) } }

    // begin: any event
    /** Records an event such as `item/clicked` of the person who is there now, with up to three pairs of metadata. */
    public fun track(
        name: String,
        pair1: Pair<String, Any?>? = null,
        pair2: Pair<String, Any?>? = null,
        pair3: Pair<String, Any?>? = null,
    ): Unit = runner.record(name, listOfNotNull(pair1, pair2, pair3))

    // end: any event
    /** Records an event such as the functions of `Events` give. */
    public fun track(event: Event): Unit = runner.record(event.name, event.pairs())

    /** Sends the recorded events now instead of in a second; calls back when that is done or has failed. */
    public fun flush(callback: (() -> Unit)? = null): Unit = runner.flush { callback?.invoke() }

    /** Ends the session and sends the recorded events; fallbacks are served from here on. */
    public fun end(callback: (() -> Unit)? = null): Unit = runner.end { callback?.invoke() }

    /** Calls the listener after [state] has changed, until what is returned is closed. */
    public fun onChange(listener: () -> Unit): AutoCloseable = runner.onChange(listener)

    /** What is shown now, for `bootstrap` of another Space; null before anything was served. */
    public fun snapshot(): Snapshot? = runner.snapshot()

    @Deprecated("Until 1.0.", ReplaceWith("start(StartOptions(userId, fields))"))
    public fun identify(
        userId: String,
        fields: Map<String, Any?>? = null,
        callback: ((SessionStatus) -> Unit)? = null,
    ): Unit = start(StartOptions(userId, fields), callback)

    @Deprecated("Until 1.0.", ReplaceWith("start(StartOptions(fields = fields))"))
    public fun anonymize(
        fields: Map<String, Any?>? = null,
        callback: ((SessionStatus) -> Unit)? = null,
    ): Unit = start(StartOptions(fields = fields), callback)
}
