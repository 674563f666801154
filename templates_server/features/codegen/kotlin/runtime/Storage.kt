package mtribes.runtime

import java.io.File
import java.io.IOException
import java.net.URLEncoder

/** Where an app keeps texts between runs. It may fail, be full or forget: that does no harm. */
public interface SpaceStorage {
    /** The text of that key; null where there is none. */
    public fun get(key: String): String?

    /** Keeps the text; throws where it cannot. */
    public fun set(
        key: String,
        text: String,
    )

    /** Forgets the text. */
    public fun remove(key: String)
}

/** Keeps texts in files of a folder of the app's own, such as `filesDir` of Android. */
public class FileStorage(
    private val folder: File,
) : SpaceStorage {
    override fun get(key: String): String? {
        val file = fileOf(key)
        return if (file.isFile) file.readText() else null
    }

    override fun set(
        key: String,
        text: String,
    ) {
        folder.mkdirs()
        // A program that ends in between leaves the old text, or the new one.
        val written = File(folder, "${fileOf(key).name}.new")
        written.writeText(text)
        if (!written.renameTo(fileOf(key))) throw IOException("$written cannot be renamed")
    }

    override fun remove(key: String) {
        val file = fileOf(key)
        if (!file.delete() && file.exists()) throw IOException("$file cannot be removed")
    }

    private fun fileOf(key: String): File = File(folder, URLEncoder.encode(key, "UTF-8"))
}

/** Keeps texts of a Space by name. Never throws. */
internal class Store(
    private val spaceKey: String,
    private val client: Client,
) {
    private var isUsed = false

    private fun <T> attempt(
        name: String,
        failed: T,
        use: (place: SpaceStorage, key: String) -> T,
    ): T =
        try {
            client.storage?.let { use(it, "mtribes.$spaceKey.$name") } ?: failed
        } catch (_: Exception) {
            failed
        }

    fun read(name: String): String? {
        isUsed = isUsed || (client.tracking && name == IDENTITY)
        return attempt(name, null) { place, key -> place.get(key) }?.ifEmpty { null }
    }

    /** False where it cannot be kept: storage is full or forbidden, or nothing may be tracked. */
    fun write(
        name: String,
        text: String,
    ): Boolean {
        isUsed = isUsed || client.tracking
        if (!client.tracking) return false
        return attempt(name, client.storage == null) { place, key ->
            place.set(key, text)
            true
        }
    }

    fun remove(name: String) {
        if (read(name) != null) attempt(name, Unit) { place, key -> place.remove(key) }
    }

    /** Consent is withdrawn: where a session or an event came before, what is stored goes. */
    fun clear() {
        if (isUsed) (listOf(IDENTITY, REPORT) + EVENTS_NAMES).forEach(::remove)
    }
}

/** So many names that whoever comes later finds all events without a list, which programs would overwrite. */
internal val EVENTS_NAMES = List(EVENT_PLACES) { place -> "events.$place" }
