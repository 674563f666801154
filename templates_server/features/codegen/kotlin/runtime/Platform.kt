package mtribes.runtime

import java.util.concurrent.Executor

/** Ends something; to call it again does no harm. */
internal typealias Cancel = () -> Unit

/** A request of the Client API. */
internal class Request(
    val method: String,
    val url: String,
    val headers: Map<String, String>,
    val body: String?,
    val timeoutMsec: Long,
)

/** An answer; status 0: there was none. */
internal class Reply(
    val status: Int,
    val text: String = "",
    val retryAfter: String? = null,
)

internal val NO_ANSWER = Reply(0)

/** The time, chance, threads and network of the runtime, in one place so that a test can set its own. */
internal interface Platform {
    /** Such as `android`, as sessions tell the server. */
    val name: String

    /** Whether one person uses this program. Elsewhere, on a server, it may be many. */
    val hasOnePerson: Boolean

    /** Milliseconds since 1970. */
    fun now(): Long

    /** At least 0, less than 1. */
    fun random(): Double

    fun newId(): String

    /** Runs tasks one after the other, in order, on threads of the runtime. */
    fun queue(): Executor

    /** Calls `task` once, on any thread. */
    fun schedule(
        milliseconds: Long,
        task: () -> Unit,
    ): Cancel

    /** Calls `done` once, on any thread, unless it is canceled. */
    fun send(
        request: Request,
        done: (Reply) -> Unit,
    ): Cancel

    /** Tells the developer. */
    fun report(
        message: String,
        cause: Throwable?,
    )

    /** Another Space needs threads; what is returned says that it does no more. */
    fun open(): Cancel

    /** Whether this is a thread of the runtime, which cannot wait for others. */
    fun isOwnThread(): Boolean
}

/** What the Spaces of one program share. */
internal class Program(
    val platform: Platform,
) {
    private var default: Any? = null

    /** What could not be used and the server has not been told of: a line for whose it is, and one an entry. */
    @Volatile
    var untold = ""

    /** Who called `start` on this thread. */
    val callers = ThreadLocal<List<Caller>>()

    /** The default Space, made when it is first used. */
    @Synchronized
    fun <S : Any> defaultSpace(make: () -> S): S {
        val made = default ?: make().also { default = it }
        @Suppress("UNCHECKED_CAST")
        return made as S
    }

    companion object {
        @Volatile
        var current = Program(JvmPlatform())
    }
}

/** Who called `start`, as far as what they do afterwards can be told from what others do: by the thread. */
internal class Caller(
    /** Stands for the Space. */
    val of: Any,
) {
    /** Their start was refused, or cut by another's: nothing of anybody else may be shown to them. */
    @Volatile
    var isRefused = false
}

internal fun Program.callersHere(): List<Caller> = callers.get() ?: emptyList()

/** The caller of this moment; all that this thread does from here on is theirs. */
internal fun Program.enterCaller(of: Any): Caller {
    val caller = Caller(of)
    callers.set(callersHere().filter { it.of !== of }.takeLast(MOST_SPACES_REMEMBERED) + caller)
    return caller
}
