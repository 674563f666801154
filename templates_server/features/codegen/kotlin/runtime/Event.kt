package mtribes.runtime

/** An event with its metadata, such as the functions of `Events` give. */
public class Event(
    /** Category and action, such as `video/completed`. */
    public val name: String,
    /** At most three keys with a value each: a text, a number or a boolean. What is null is left out. */
    public val metadata: Map<String, Any?> = emptyMap(),
) {
    /** In order of key. */
    internal fun pairs(): List<Pair<String, Any?>> = metadata.toList().sortedBy { it.first }

    override fun equals(other: Any?): Boolean = other is Event && other.name == name && other.metadata == metadata

    override fun hashCode(): Int = name.hashCode() * 31 + metadata.hashCode()

    override fun toString(): String = "$name $metadata"
}
