package mtribes.runtime

/** The anonymous id of the device's present person, and the user that it belongs to, once they have signed in. */
internal class Identity(
    val id: String,
    val owner: String?,
)

/** Makes the anonymous id once and keeps it; a new person on the device gets a new one. */
internal class IdentityKeeper(
    private val store: Store,
    private val platform: Platform,
) {
    private var identity: Identity? = null

    /** Whether the identity in memory could not be stored, so that what is stored is an older one. */
    private var isUnsaved = false

    /** Goes on as this person, since they may be stored from now on. */
    fun save(saved: Identity) {
        identity = saved
        val text = writeJson(mapOf("id" to saved.id, "owner" to saved.owner))
        var isWritten = store.write(IDENTITY, text)
        if (!isWritten) {
            // What is stored of somebody else must go, even where there is no room for more.
            store.remove(IDENTITY)
            isWritten = store.write(IDENTITY, text)
        }
        isUnsaved = !isWritten
    }

    /** Stores the present person, who may be stored from now on. */
    fun saveAgain() {
        identity?.let(::save)
    }

    /** Looks at what is stored: another program may have written to it. */
    fun read() {
        if (isUnsaved) return
        val stored = store.read(IDENTITY)?.let(::parseIdentity)
        if (stored != null) identity = stored else saveAgain()
    }

    /** The anonymous id to go on with, now that this person is there; null: whoever it is. */
    fun idFor(person: Person?): String {
        read()
        val present = identity ?: Identity(platform.newId(), null).also(::save)
        val next = if (person == null) present.owner else person.userId
        if (next == present.owner) return present.id
        val id = if (present.owner == null) present.id else platform.newId()
        save(Identity(id, next))
        return id
    }

    /** Whoever comes next is somebody else, unless storage knows better. */
    fun forget() {
        identity = null
    }
}

private fun parseIdentity(text: String): Identity? =
    try {
        val stored = asObject(parseJson(text))
        Identity(asAnonymousId(stored["id"]), stored["owner"]?.let(::asString))
    } catch (_: Nonsense) {
        null
    }

internal fun asAnonymousId(value: Any?): String {
    val id = asString(value)
    ensure(id.length == 36 && id.all { it in '0'..'9' || it in 'a'..'f' || it == '-' }, "not an anonymous id")
    return id
}
