package mtribes.runtime

/** What a follower does with the answers. */
internal interface Following {
    /** Asks for changes; calls back later. */
    fun poll(
        waitSeconds: Int,
        aborter: Aborter,
        done: (Reply) -> Unit,
    )

    /** Whether this revision is not what is served. */
    fun isNews(revision: String): Boolean

    fun take(served: Served?)

    fun fail(reply: Reply)

    /** Begins the session anew. */
    fun restart()
}

/**
 * Asks for changes of a session for as long as it runs unlocked and its app is
 * seen. Where the server no longer knows it, it is begun anew.
 */
internal class Follower(
    private val client: Client,
    private val loop: Loop,
    private val platform: Platform,
    private val pauses: Pauses,
    private val following: Following,
) {
    private var isFollowing = false

    /** Whether the app is seen, and no failure has to be waited for. */
    private var isHere = false

    /** Of what is asked. */
    private var asking: Aborter? = null
    private var cancelTimer: Cancel? = null
    private var cancelPause: Cancel? = null

    /** When was asked or answered last. */
    private var last: Long? = null
    private var failures = 0

    /** How many sessions were lost, one after the other, that had not lasted. */
    private var lost = 0

    fun follow() {
        stop()
        isFollowing = true
        show()
    }

    fun stop() {
        hide()
        cancelPause?.invoke()
        cancelPause = null
        isFollowing = false
    }

    fun show() {
        if (!isFollowing || isHere || cancelPause != null || !client.isActive) return
        isHere = true
        val rest = last?.let { it + SHORTEST_REST_MSEC - platform.now() } ?: 0
        pause(minOf(rest, SHORTEST_REST_MSEC))
    }

    fun hide() {
        isHere = false
        cancelTimer?.invoke()
        val asked = asking
        asking = null
        asked?.abort()
    }

    private fun pause(milliseconds: Long) {
        if (milliseconds > 0) cancelTimer = loop.after(milliseconds, ::ask) else ask()
    }

    private fun ask() {
        val mine = Aborter()
        asking = mine
        last = platform.now()
        following.poll(CHANGES_WAIT_SECONDS, mine) { reply ->
            if (asking === mine) {
                asking = null
                settle(reply)
            }
        }
    }

    private fun settle(reply: Reply) {
        val now = platform.now()
        val isEarly = now - (last ?: now) < EARLY_MSEC
        last = now
        val served = readServed(reply)
        if (served == null && reply.status != 204) return fail(reply)
        val isNews = served != null && following.isNews(served.revision)
        if (!isEarly) lost = 0
        failures = if (isEarly && !isNews) failures + 1 else 0
        pause(if (failures > 0) pauses.backOffMsec(failures, LONGEST_REST_MSEC) else SHORTEST_REST_MSEC)
        following.take(served)
    }

    private fun fail(reply: Reply) {
        val isUnknown = reply.status == UNKNOWN_SESSION
        if (isUnknown) {
            stop()
            lost += 1
            if (lost == 1) return following.restart()
        } else {
            hide()
        }
        failures += if (isUnknown) FAILURES_OF_A_NEW_SESSION else 1
        cancelPause =
            pauses.afterFailure(failures, reply) {
                cancelPause = null
                if (isUnknown) following.restart() else show()
            }
        following.fail(reply)
    }
}
