package mtribes.runtime

/**
 * Keeps what could not be used until the server was told, in storage too, for
 * the next program. `whose` names the code and the destination: others drop it.
 */
internal class ReportKeeper(
    private val store: Store,
    private val client: Client,
    private val program: Program,
    private val whose: () -> String,
) {
    /** Only then has there been consent, and anything of this Space. */
    private var isLoaded = false

    /** What the next start carries. */
    fun list(): List<String> {
        if (!isLoaded && client.tracking) {
            isLoaded = true
            val left = store.read(REPORT).orEmpty()
            // Nothing of this kind is what others have written there.
            if ('\n' in left && program.untold.isEmpty()) program.untold = left
        }
        val lines = program.untold.split("\n")
        if (lines.first() != whose()) return emptyList()
        return lines.drop(1).take(MOST_UNKNOWN).map { storable(it.take(LONGEST_UNKNOWN)) }
    }

    fun put(entries: List<String>) {
        val all = entries.distinct().take(MOST_UNKNOWN)
        val text = if (all.isEmpty()) "" else (listOf(whose()) + all).joinToString("\n")
        if (!isLoaded || text == program.untold) return
        program.untold = text
        if (text.isEmpty()) store.remove(REPORT) else store.write(REPORT, text)
    }
}
