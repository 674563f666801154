package mtribes.runtime

import java.util.Date

/** Properties of an experience in a test; what is null falls back. */
public abstract class PropertyValues internal constructor() {
    internal abstract fun wire(): Map<String, Any?>
}

/** What a test has served of an entity. */
public abstract class EntityTestState internal constructor() {
    internal abstract fun wire(): Map<String, Any?>
}

/** What a test has served of an experience; what is left out falls back. */
public class ExperienceTestState<out V : PropertyValues>(
    public val properties: V? = null,
    public val enabled: Boolean = true,
) : EntityTestState() {
    override fun wire(): Map<String, Any?> = present("enabled" to enabled, "properties" to properties?.wire())
}

/** What a test has served of a section; without items those of the fallback. */
public class SectionTestState<out I : ItemTestState>(
    public val items: List<I>? = null,
    public val enabled: Boolean = true,
) : EntityTestState() {
    override fun wire(): Map<String, Any?> = present("enabled" to enabled, "items" to items?.map { (it as ItemValues).wire() })
}

/** An item of a section in a test. */
public interface ItemTestState

/** An item of a section in a test; its id is its place in the list unless it is given. */
public abstract class ItemValues internal constructor(
    private val experience: String,
    private val properties: PropertyValues,
    private val id: String?,
    private val enabled: Boolean,
) : ItemTestState {
    internal fun wire(): Map<String, Any?> =
        present("id" to id, "experience" to experience, "enabled" to enabled, "properties" to properties.wire())
}

/** Those that have a value, in the form in which the server sends them. */
internal fun wireOf(vararg properties: Pair<String, Any?>): Map<String, Any?> =
    present(*properties).mapValues { (_, value) -> wireValue(value) }

private fun wireValue(value: Any?): Any? =
    when (value) {
        is Color -> colorOf(value.value, value.opacity)
        is Date -> dateText(value.time)
        is Option -> value.value
        else -> value
    }

internal fun stateOf(
    entity: String,
    state: EntityTestState?,
): Pair<String, EntityTestState?> = Pair(entity, state)

/** The states of those entities that a test says something of. */
internal fun statesOf(vararg entities: Pair<String, EntityTestState?>): Map<String, Json> {
    val states = LinkedHashMap<String, Json>()
    for ((entity, state) in entities) if (state != null) states[entity] = state.wire()
    return states
}
