package mtribes.runtime

import java.util.concurrent.locks.ReentrantLock
import kotlin.concurrent.withLock

/** Does the work of a Space, one piece at a time; calls the app outside of that. */
internal class Loop(
    private val platform: Platform,
) {
    private val lock = ReentrantLock()
    private val work = platform.queue()
    private val calls = platform.queue()

    /** Does it now. It waits for nothing but other work, which is short. */
    fun <T> now(task: () -> T): T = lock.withLock(task)

    /** Does it soon, after what was to be done before. */
    fun soon(task: () -> Unit): Unit = work.execute { lock.withLock(task) }

    /** Does it after so long, unless it is canceled; to be called, and canceled, by work. */
    fun after(
        milliseconds: Long,
        task: () -> Unit,
    ): Cancel {
        var isOver = false
        val cancel =
            platform.schedule(milliseconds.coerceIn(0, LONGEST_TIMER_MSEC)) {
                soon {
                    if (!isOver) {
                        isOver = true
                        task()
                    }
                }
            }
        return {
            isOver = true
            cancel()
        }
    }

    /** Calls the app soon, outside of work, after what was to be called before. */
    fun tell(call: () -> Unit): Unit = calls.execute(call)
}

/** What a piece of work can be told by that nobody needs it any more. */
internal class Aborter {
    private var ends = ArrayList<Cancel>()
    private var isOver = false

    fun onAbort(end: Cancel) {
        if (isOver) end() else ends.add(end)
    }

    fun abort() {
        isOver = true
        val ended = ends
        ends = ArrayList()
        ended.forEach { it() }
    }
}
