package mtribes.runtime

/** What an experience shows at one time. */
public class ExperienceState<out P : PropertySet> internal constructor(
    public val enabled: Boolean,
    public val properties: P,
) {
    override fun equals(other: Any?): Boolean = other is ExperienceState<*> && other.enabled == enabled && other.properties == properties

    override fun hashCode(): Int = enabled.hashCode() * 31 + properties.hashCode()

    override fun toString(): String = "$enabled $properties"
}

/** What a section shows at one time. */
public class SectionState<out E : AnyItem> internal constructor(
    public val enabled: Boolean,
    public val items: List<E>,
) {
    override fun equals(other: Any?): Boolean = other is SectionState<*> && other.enabled == enabled && other.items == items

    override fun hashCode(): Int = enabled.hashCode() * 31 + items.hashCode()

    override fun toString(): String = "$enabled $items"
}

/** A type of experience, as the code generated for it describes it. */
internal abstract class ExperienceType<P : PropertySet>(
    val kind: String,
    val readProperties: (PropertyReader) -> P,
    val makeItem: (ItemSource<P>) -> Item<P>,
) {
    val defaults: P = readProperties(PropertyReader(null, kind) { _, _ -> })
}

/** An experience that is a child of a collection. */
public class Experience<P : PropertySet> internal constructor(
    private val space: Surroundings,
    private val entity: String,
    private val type: ExperienceType<P>,
    private val layers: Layers<ExperienceState<P>>,
) {
    /** The key of its type. */
    public val kind: String
        get() = type.kind

    public val enabled: Boolean
        get() = state.enabled

    /** What is served, the defaults filled in. */
    public val properties: P
        get() = state.properties

    /** What the model says when nothing is served. */
    public val defaults: P
        get() = type.defaults

    /** All that is served: the same object until any of it changes. */
    public val state: ExperienceState<P>
        get() = layers.read()

    /** What this code holds itself, for when nothing is served. */
    public val fallback: ExperienceState<P>
        get() = layers.readFallback()

    /** What the first rendering shows: the state of `bootstrap`, else [fallback]. */
    public val initial: ExperienceState<P>
        get() = layers.readInitial()

    /** Calls the listener after the state has changed, until what is returned is closed. */
    public fun onChange(listener: () -> Unit): AutoCloseable = layers.onChange(listener)

    // begin: any event
    /** Records an event such as `movie/watched` of this experience, with up to three pairs of metadata. */
    public fun track(
        name: String,
        pair1: Pair<String, Any?>? = null,
        pair2: Pair<String, Any?>? = null,
        pair3: Pair<String, Any?>? = null,
    ): Unit = space.record(name, listOfNotNull(pair1, pair2, pair3), mapOf("entity" to entity))

    // end: any event
    /** Records an event such as the functions of `Events` give. */
    public fun track(event: Event): Unit = space.record(event.name, event.pairs(), mapOf("entity" to entity))
}

/** A personalized list of experiences. */
public open class Section<E : AnyItem> internal constructor(
    private val layers: Layers<SectionState<E>>,
) {
    public val enabled: Boolean
        get() = state.enabled

    public val items: List<E>
        get() = state.items

    /** All that is served: the same object until any of it changes. */
    public val state: SectionState<E>
        get() = layers.read()

    /** What this code holds itself, for when nothing is served. */
    public val fallback: SectionState<E>
        get() = layers.readFallback()

    /** What the first rendering shows: the state of `bootstrap`, else [fallback]. */
    public val initial: SectionState<E>
        get() = layers.readInitial()

    /** Calls the listener after the state has changed, until what is returned is closed. */
    public fun onChange(listener: () -> Unit): AutoCloseable = layers.onChange(listener)
}

/** An experience in the list of a section, of whatever type. */
public interface AnyItem {
    /** The key of its type. */
    public val kind: String

    public val id: String

    public val enabled: Boolean

    // begin: any event
    /** Records an event such as `movie/watched` of this item, with up to three pairs of metadata. */
    public fun track(
        name: String,
        pair1: Pair<String, Any?>? = null,
        pair2: Pair<String, Any?>? = null,
        pair3: Pair<String, Any?>? = null,
    )

    // end: any event
    /** Records an event such as the functions of `Events` give. */
    public fun track(event: Event)
}

/** What an item is made of. */
internal class ItemSource<P : PropertySet>(
    val space: Surroundings,
    val entity: String,
    val type: ExperienceType<P>,
    val id: String,
    val enabled: Boolean,
    val properties: P,
) {
    val place: Json
        get() = mapOf("entity" to entity, "data" to mapOf("item" to id, "experience" to type.kind))
}

/** An experience in the list of a section. */
public abstract class Item<P : PropertySet> internal constructor(
    private val source: ItemSource<P>,
) : AnyItem {
    final override val kind: String
        get() = source.type.kind

    final override val id: String
        get() = source.id

    final override val enabled: Boolean
        get() = source.enabled

    /** What is served, the defaults filled in. */
    public val properties: P
        get() = source.properties

    /** What the model says when nothing is served. */
    public val defaults: P
        get() = source.type.defaults

    // begin: any event
    final override fun track(
        name: String,
        pair1: Pair<String, Any?>?,
        pair2: Pair<String, Any?>?,
        pair3: Pair<String, Any?>?,
    ): Unit = source.space.record(name, listOfNotNull(pair1, pair2, pair3), source.place)

    // end: any event
    final override fun track(event: Event): Unit = source.space.record(event.name, event.pairs(), source.place)

    override fun equals(other: Any?): Boolean =
        other is Item<*> &&
            other.kind == kind &&
            other.id == id &&
            other.enabled == enabled &&
            other.properties == properties

    override fun hashCode(): Int = id.hashCode() * 31 + properties.hashCode()

    override fun toString(): String = "$kind $id $enabled $properties"
}

internal fun <P : PropertySet> readExperience(
    type: ExperienceType<P>,
    wire: Any?,
    place: String,
    otherwise: Boolean,
    note: Note,
): ExperienceState<P> {
    val state = asObject(wire)
    val enabled = readEnabled(state, otherwise, place, note)
    val properties = member(state, "properties")
    val given = readOr<Json?>(properties, null, "$place.properties", note, ::asObject)
    return ExperienceState(enabled, type.readProperties(PropertyReader(given, place, note)))
}

private fun readEnabled(
    state: Json,
    otherwise: Boolean,
    place: String,
    note: Note,
): Boolean = readOr(member(state, "enabled"), otherwise, "$place.enabled", note, ::asBoolean)

/** The items of a section; those of a kind that this code was generated without are left out. */
internal fun readSection(
    space: Surroundings,
    supports: List<ExperienceType<*>>,
    wire: Any?,
    entity: String,
    otherwise: SectionState<AnyItem>,
    note: Note,
): SectionState<AnyItem> {
    val state = asObject(wire)
    val given = member(state, "items")
    val list = readOr<List<*>?>(given, null, "$entity.items", note, ::asList)
    val items =
        list?.mapIndexedNotNull { at, item -> readItem(space, supports, item, entity, "$entity[$at]", note) }
    val enabled = readEnabled(state, otherwise.enabled, entity, note)
    return SectionState(enabled, if (items == null) otherwise.items else frozen(items))
}

/** Null for an item that cannot be shown. */
private fun readItem(
    space: Surroundings,
    supports: List<ExperienceType<*>>,
    value: Any?,
    entity: String,
    place: String,
    note: Note,
): AnyItem? {
    val wire = readOr<Json?>(value, null, place, note, ::asObject) ?: return null
    val type = supports.find { it.kind == wire["experience"] }
    val id = wire["id"]
    when {
        type == null -> note("$place.experience", member(wire, "experience"))
        id !is String -> note("$place.id", member(wire, "id"))
        else -> return makeItem(space, type, wire, id, entity, place, note)
    }
    return null
}

private fun <P : PropertySet> makeItem(
    space: Surroundings,
    type: ExperienceType<P>,
    wire: Json,
    id: String,
    entity: String,
    place: String,
    note: Note,
): AnyItem {
    val state = readExperience(type, wire, place, false, note)
    return type.makeItem(ItemSource(space, entity, type, id, state.enabled, state.properties))
}
