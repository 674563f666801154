package mtribes.runtime

import java.util.concurrent.Executor

/** Takes what a developer should know: a message, and what was thrown if anything was. */
public typealias Logger = (message: String, cause: Throwable?) -> Unit

/** What a Space does when something of its client was changed. */
internal interface ClientWatcher {
    fun <T> change(edit: () -> T): T

    fun keyChanged()

    fun lockChanged()

    fun trackingChanged()

    fun activityChanged(isActive: Boolean)

    fun networkIsBack()

    fun log(message: String)
}

/** Which environment and server an app talks to, and how its sessions behave. */
public class Client internal constructor(
    host: String,
    private val watcher: ClientWatcher,
) {
    /** The public key `pk_...` of an environment. Without it fallbacks are served. */
    @Volatile
    public var apiKey: String = ""
        set(key) =
            watcher.change {
                field = key.trim()
                watcher.keyChanged()
            }

    /** Where the server is. */
    @Volatile
    public var host: String = host.trimEnd('/')
        set(url) = watcher.change { field = url.trimEnd('/') }

    /** How long `session.start` waits before it goes on with fallbacks. */
    @Volatile
    public var waitTimeMsec: Long = 1200
        set(milliseconds) {
            if (milliseconds >= 0) field = milliseconds else watcher.log("client.waitTimeMsec must be 0 or more")
        }

    /** True: what was served stays for the session. False: changes come through. */
    @Volatile
    public var sessionLock: Boolean = true
        set(isLocked) =
            watcher.change {
                field = isLocked
                watcher.lockChanged()
            }

    /**
     * Whether the person agrees to be tracked. False: no event is recorded or
     * sent, and nothing is stored; sessions start all the same.
     */
    @Volatile
    public var tracking: Boolean = true
        set(isAgreed) =
            watcher.change {
                val isOther = isAgreed != field
                field = isAgreed
                if (isOther) watcher.trackingChanged()
            }

    /** Where the anonymous id and events are kept; null: in memory. */
    @Volatile
    public var storage: SpaceStorage? = null

    /** The version of your app, such as `2.3.1`, which sessions that start tell the server; "": none. */
    @Volatile
    public var appVersion: String = ""

    /** The build of that version; "": none. */
    @Volatile
    public var appBuild: String = ""

    /** Gets what is otherwise written to `System.err`; null: that. */
    @Volatile
    public var logger: Logger? = null

    /** Where callbacks, listeners and the logger are called; null: on a thread of the runtime, one after the other. */
    @Volatile
    public var executor: Executor? = null

    /**
     * Whether people can see the app. Set it to false when the app goes to the
     * background: what waits is sent, and changes are not asked for. Set it to
     * true when it comes back: what failed is tried again.
     */
    @Volatile
    public var isActive: Boolean = true
        set(isSeen) =
            watcher.change {
                field = isSeen
                watcher.activityChanged(isSeen)
            }

    /** Tries what failed again, as soon as the server allows that. Call it when the network comes back. */
    public fun networkIsBack(): Unit = watcher.change { watcher.networkIsBack() }
}

/** What an app says of itself, as far as that can be sent. */
internal fun readApp(
    client: Client,
    platform: Platform,
    attempts: Attempts,
): Json {
    fun read(
        name: String,
        text: String,
    ): String? =
        attempts
            .attempt("client.$name is left out") { ensureLength(storable(text), LONGEST_KEY) }
            ?.ifEmpty { null }
    return present(
        "version" to read("appVersion", client.appVersion),
        "build" to read("appBuild", client.appBuild),
        "platform" to platform.name,
    )
}
