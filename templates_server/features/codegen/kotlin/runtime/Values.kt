package mtribes.runtime

import java.util.Date

/** A color: `value` is `#rrggbb`, or null when unset; `opacity` lies in 0..1. */
public class Color(
    public val value: String? = null,
    public val opacity: Double = 1.0,
) {
    override fun equals(other: Any?): Boolean = other is Color && other.value == value && other.opacity == opacity

    override fun hashCode(): Int = value.hashCode() * 31 + opacity.hashCode()

    override fun toString(): String = "Color($value, $opacity)"
}

/** One of the options of a select, whose text is [value]. */
public interface Option {
    /** The option as the model has it. */
    public val value: String
}

/** The properties of an experience at one time: equal to others with the same values. */
public abstract class PropertySet internal constructor(
    reader: PropertyReader,
) {
    private val values: Map<String, Any?> = reader.values

    override fun equals(other: Any?): Boolean = other is PropertySet && other.javaClass == javaClass && other.values == values

    override fun hashCode(): Int = values.hashCode()

    override fun toString(): String = values.toString()

    internal companion object {
        /** The values by raw key. */
        fun valuesOf(properties: PropertySet): Map<String, Any?> = properties.values
    }
}

/** Thrown and caught in here, for a value that cannot be used. */
internal class Nonsense(
    message: String,
) : Exception(message, null, false, false)

internal fun ensure(
    holds: Boolean,
    message: String,
) {
    if (!holds) throw Nonsense(message)
}

/** Stands for a value that is not there. */
internal object Missing

/** The value of that key, which may be null; [Missing] where there is none. */
internal fun member(
    of: Json,
    key: String,
): Any? = if (key in of) of[key] else Missing

internal fun asObject(value: Any?): Json {
    if (value !is Map<*, *>) throw Nonsense("not an object")
    @Suppress("UNCHECKED_CAST")
    return value as Json
}

internal fun asList(value: Any?): List<*> = value as? List<*> ?: throw Nonsense("not a list")

internal fun asString(value: Any?): String = value as? String ?: throw Nonsense("not a text")

internal fun asBoolean(value: Any?): Boolean = value as? Boolean ?: throw Nonsense("not true or false")

internal fun asNumber(value: Any?): Double {
    val number = value as? Number ?: throw Nonsense("not a number")
    ensure(isFinite(number), "not a number")
    return number.toDouble()
}

private fun asColor(wire: Any?): Color {
    val color = asObject(wire)
    val value = color["value"]?.let(::asString)
    val opacity = asNumber(color["opacity"] ?: 1.0)
    ensure(value == null || isHexColor(value), "not a color")
    ensure(opacity in 0.0..1.0, "not an opacity")
    return Color(value, opacity)
}

private fun isHexColor(text: String): Boolean =
    text.length == 7 && text[0] == '#' && text.drop(1).all { it in '0'..'9' || it in 'a'..'f' || it in 'A'..'F' }

/** Takes note of what cannot be used: where it stands, and what it is. */
internal typealias Note = (place: String, value: Any?) -> Unit

/** Such as `homepage.body[1].layout: "tall"`. */
internal fun unknownEntry(
    place: String,
    value: Any?,
): String {
    val text = if (value === Missing) "missing" else writeJson(value)
    return visible("$place: $text".take(LONGEST_UNKNOWN))
}

/** The value as it is read, or else the other one. */
internal fun <T> readOr(
    value: Any?,
    otherwise: T,
    place: String,
    note: Note,
    read: (Any?) -> T,
): T =
    try {
        read(value)
    } catch (_: Nonsense) {
        note(place, value)
        otherwise
    }

/** Reads properties by raw key: the default for what is not given, and for what cannot be used. */
internal class PropertyReader(
    private val given: Json?,
    private val place: String,
    private val note: Note,
) {
    /** What was read so far. */
    val values = LinkedHashMap<String, Any?>()

    fun text(key: String): String? = read(key, null, ::asString)

    fun text(
        key: String,
        otherwise: String,
    ): String = read(key, otherwise, ::asString)

    fun number(key: String): Double? = read(key, null, ::asNumber)

    fun number(
        key: String,
        otherwise: Double,
    ): Double = read(key, otherwise, ::asNumber)

    fun toggle(key: String): Boolean? = read(key, null, ::asBoolean)

    fun toggle(
        key: String,
        otherwise: Boolean,
    ): Boolean = read(key, otherwise, ::asBoolean)

    fun date(key: String): Date? = read(key, null) { parseDate(asString(it)) }

    /** The default is a text of RFC 3339. */
    fun date(
        key: String,
        otherwise: String,
    ): Date = read(key, parseDate(otherwise)) { parseDate(asString(it)) }

    fun color(
        key: String,
        otherwise: Color = Color(),
    ): Color = read(key, otherwise, ::asColor)

    fun list(
        key: String,
        vararg otherwise: String,
    ): List<String> = read(key, frozen(otherwise.toList())) { list -> frozen(asList(list).map(::asString)) }

    fun <T : Option> select(
        key: String,
        otherwise: T,
        options: List<T>,
    ): T = read(key, otherwise) { text -> options.find { it.value == text } ?: throw Nonsense("not an option") }

    private fun <T> read(
        key: String,
        otherwise: T,
        parse: (Any?) -> T,
    ): T {
        val value = given?.let { member(it, key) }
        val read = if (value == null) otherwise else readOr(value, otherwise, "$place.$key", note, parse)
        values[key] = read
        return read
    }
}

/** The list, which nobody can change. */
internal fun <T> frozen(list: List<T>): List<T> = java.util.Collections.unmodifiableList(list)
