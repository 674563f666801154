package mtribes.runtime

/** Pauses before another attempt, and what is called when the network comes back: those that wait for it end. */
internal class Pauses(
    private val loop: Loop,
    private val platform: Platform,
) {
    private val waiting = LinkedHashSet<Pause>()

    private inner class Pause(
        private val leastMsec: Long,
        private val call: () -> Unit,
    ) {
        private val began = platform.now()
        private var cancelTimer: Cancel = {}

        fun sleep(milliseconds: Long) {
            cancelTimer()
            cancelTimer =
                loop.after(milliseconds) {
                    cancel()
                    call()
                }
        }

        fun hurry() = sleep(leastMsec - maxOf(0, platform.now() - began))

        fun cancel() {
            waiting.remove(this)
            cancelTimer()
        }
    }

    /** Calls after a pause that grows with the failures in a row; never sooner than `reply` asks for. */
    fun afterFailure(
        failures: Int,
        reply: Reply,
        call: () -> Unit,
    ): Cancel {
        val retryAfterMsec = readRetryAfterMsec(reply.retryAfter, platform.now())
        val least = maxOf(SHORTEST_PAUSE_MSEC, retryAfterMsec)
        val longest = if (reply.status == 0) LONGEST_PAUSE_MSEC else LONGEST_PAUSE_AFTER_AN_ANSWER_MSEC
        val pause = Pause(least, call)
        waiting.add(pause)
        pause.sleep(maxOf(least, backOffMsec(failures, longest)))
        return pause::cancel
    }

    /** Ends the pauses, as soon as the server allows that. */
    fun hurry() {
        waiting.toList().forEach { it.hurry() }
    }

    /** 1 s, 1 to 2 s, 2 to 4 s ... up to the longest, at random so that many apps do not come back at once. */
    fun backOffMsec(
        failures: Int,
        longestMsec: Long,
    ): Long {
        val most = minOf(longestMsec, 500L shl minOf(failures, 10))
        val shortest = SHORTEST_PAUSE_MSEC * (1 + platform.random() / 5)
        return maxOf(shortest, most * (0.5 + platform.random() / 2)).toLong()
    }
}

/** Seconds or a date, as HTTP has it; 0 where nothing usable is said. */
internal fun readRetryAfterMsec(
    text: String?,
    now: Long,
): Long {
    val said = text?.trim().orEmpty()
    val seconds = said.toDoubleOrNull()
    val wait = if (seconds != null) seconds * 1000 else ((parseHttpDate(said)?.time ?: now) - now).toDouble()
    return if (wait > 0) minOf(wait, LONGEST_RETRY_AFTER_MSEC.toDouble()).toLong() else 0
}
