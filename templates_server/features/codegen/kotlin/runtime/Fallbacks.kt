package mtribes.runtime

// How generated code writes states, in the form in which the server sends them.

/** As `to` does; but that is generic, and takes compilers long where hundreds are arguments of one call. */
internal fun pair(
    key: String,
    value: Any?,
): Pair<String, Any?> = Pair(key, value)

internal fun stateOf(
    enabled: Boolean,
    vararg properties: Pair<String, Any?>,
): Json = mapOf("enabled" to enabled, "properties" to mapOf(*properties))

internal fun sectionOf(
    enabled: Boolean,
    vararg items: Json,
): Json = mapOf("enabled" to enabled, "items" to items.toList())

internal fun itemOf(
    id: String,
    experience: String,
    enabled: Boolean,
    vararg properties: Pair<String, Any?>,
): Json = mapOf("id" to id, "experience" to experience, "enabled" to enabled, "properties" to mapOf(*properties))

internal fun colorOf(
    value: String?,
    opacity: Double,
): Json = mapOf("value" to value, "opacity" to opacity)
