package mtribes.runtime

/** Of whom a session is, and what is sent along. */
public class StartOptions(
    /** Who it is: 1 to 256 characters. Nobody given: a visitor. */
    public val userId: String? = null,
    /** What is used for that session and never stored, by name: texts, numbers, booleans. */
    public val fields: Map<String, Any?>? = null,
    /** Where the environment requires signed ids: what your own back end made of the id. */
    public val userSignature: String? = null,
)

/** Who a session is for, and what an app says of them, checked. Nobody given: a visitor. */
internal class Person(
    val userId: String?,
    val signature: String?,
    val fields: Json?,
) {
    /** As the server takes it. */
    fun members(): Map<String, Any?> = present("external_id" to userId, "user_signature" to signature)
}

/** Those that have a value. */
internal fun present(vararg members: Pair<String, Any?>): LinkedHashMap<String, Any?> {
    val given = LinkedHashMap<String, Any?>()
    for ((name, value) in members) if (value != null) given[name] = value
    return given
}

/** Null where the call fails: then a log line says what, and why. */
internal interface Attempts {
    fun <T> attempt(
        what: String,
        call: () -> T,
    ): T?
}

/** The text of a scalar. */
internal fun scalarText(value: Any?): String =
    when (value) {
        is Boolean -> {
            value.toString()
        }

        is Option -> {
            scalarText(value.value)
        }

        is Number -> {
            ensure(isFinite(value), "not a number")
            numberText(value)
        }

        else -> {
            storable(asString(value))
        }
    }

/** How a text is called in a message. */
internal fun describe(text: String): String = writeJson(text.take(LONGEST_KEY))

/** Category and action; the prefixes are reserved. */
internal fun asEventName(name: String): String {
    ensureLength(name, LONGEST_NAME)
    val parts = name.split('/')
    val isPair = parts.size == 2 && parts.none { it.isEmpty() } && codePoints(name).none(::isControl)
    ensure(isPair && parts[0] !in RESERVED_CATEGORIES, "not category/action, or reserved")
    return storable(name)
}

private val RESERVED_CATEGORIES = setOf("mtribes", "___UI", "sdk")

/** What has a value, in order. */
internal fun readMetadata(metadata: List<Pair<String, Any?>>): List<Json>? {
    val read = LinkedHashMap<String, String>()
    for ((key, value) in metadata) {
        if (value == null) continue
        val text = ensureLength(scalarText(key), LONGEST_KEY)
        val isNew = text.isNotEmpty() && read.size < MOST_PAIRS && text !in read
        ensure(isNew, "an empty or repeated key, or more than $MOST_PAIRS")
        read[text] = ensureLength(scalarText(value), LONGEST_METADATA_VALUE)
    }
    return read.map { (key, value) -> mapOf("key" to key, "value" to value) }.ifEmpty { null }
}

internal fun readOptions(
    options: StartOptions,
    attempts: Attempts,
): Person {
    val userId = options.userId?.ifEmpty { null }?.let(::asUserId)
    val signature = options.userSignature?.let(::storable)?.ifEmpty { null }
    return Person(userId, if (userId == null) null else signature, readFields(options.fields.orEmpty(), attempts))
}

/** Not a reserved id, nor one that cannot be stored, with control characters, or with what nobody sees at an edge. */
internal fun asUserId(userId: String): String {
    val points = codePoints(userId)
    val isPlain = points.none { isControl(it) || isHalf(it) }
    val hasEdges = points.isNotEmpty() && !isUnseenAtEdge(points.first()) && !isUnseenAtEdge(points.last())
    val isFree = userId != "." && userId != ".." && !RESERVED_ID.matches(userId)
    ensure(isPlain && hasEdges && isFree && points.size <= LONGEST_NAME, "not a userId")
    return userId
}

private val RESERVED_ID = Regex("[a-z]{3}_[A-Za-z0-9]{22}")

/** The fields that can be sent, if any; of the others a log line tells. */
private fun readFields(
    fields: Map<String, Any?>,
    attempts: Attempts,
): Json? {
    val read = LinkedHashMap<String, Any?>()
    for ((name, value) in fields.entries.toList()) {
        if (value == null) continue
        attempts.attempt("the field ${describe(name)} is left out") {
            val field = readField(value)
            ensure(name.isNotEmpty() && read.size < MOST_FIELDS, "no name, or too many")
            read[storable(ensureLength(name, LONGEST_KEY))] = field
        }
    }
    return read.ifEmpty { null }
}

private fun readField(value: Any): Any =
    when (value) {
        is Boolean -> value
        is Number -> asNumber(value)
        is Option -> value.value
        else -> ensureLength(storable(asString(value)), LONGEST_FIELD_VALUE)
    }
