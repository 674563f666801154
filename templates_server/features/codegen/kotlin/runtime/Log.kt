package mtribes.runtime

/** Tells the developer, by the app's logger where there is one. */
internal class Log(
    private val client: Client,
    private val platform: Platform,
    private val tell: (call: () -> Unit) -> Unit,
) {
    private val logged = HashSet<String>()

    /** Tells it; of an error of our own the message is enough. */
    fun always(
        message: String,
        cause: Throwable? = null,
    ) {
        // It may hold what an app or a server says.
        val text = visible(if (cause is Nonsense) "$message: ${cause.message}" else message)
        val shown = cause.takeIf { it !is Nonsense }
        val logger = client.logger ?: return platform.report(text, shown)
        tell {
            try {
                logger(text, shown)
            } catch (_: Exception) {
                platform.report(text, shown)
            }
        }
    }

    /** Tells it, unless it was told before. */
    @Synchronized
    fun once(message: String) {
        if (isNew(message)) always(message)
    }

    /** Whether that was not told before, and is from now on. */
    @Synchronized
    fun isNew(message: String): Boolean = logged.size <= MOST_LOGGED_ONCE && logged.add(message)
}
