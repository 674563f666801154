package mtribes.runtime

private const val REPLACEMENT = 0xfffd

/** The text without what nobody sees, would be a line of its own in a log, or is an order to a terminal. */
internal fun visible(text: String): String = replacing(text) { isUnseen(Character.getType(it)) }

private fun isUnseen(type: Int): Boolean =
    when (type.toByte()) {
        Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.PRIVATE_USE, Character.UNASSIGNED -> true
        Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> true
        else -> false
    }

/** The text as it can be sent and stored: without NUL and halves of surrogate pairs. */
internal fun storable(text: String): String = replacing(text) { it == 0 || isHalf(it) }

internal fun isHalf(codePoint: Int): Boolean = Character.getType(codePoint) == Character.SURROGATE.toInt()

internal fun isControl(codePoint: Int): Boolean = Character.getType(codePoint) == Character.CONTROL.toInt()

/** Whether nobody sees it at the edge of a text: a space or a format character. */
internal fun isUnseenAtEdge(codePoint: Int): Boolean =
    when (Character.getType(codePoint).toByte()) {
        Character.SPACE_SEPARATOR, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR, Character.FORMAT -> true
        else -> false
    }

private fun replacing(
    text: String,
    isBad: (Int) -> Boolean,
): String {
    if (codePoints(text).none(isBad)) return text
    val written = StringBuilder()
    for (codePoint in codePoints(text)) written.appendCodePoint(if (isBad(codePoint)) REPLACEMENT else codePoint)
    return written.toString()
}

internal fun codePoints(text: String): List<Int> {
    val found = ArrayList<Int>(text.length)
    var at = 0
    while (at < text.length) {
        val codePoint = text.codePointAt(at)
        found.add(codePoint)
        at += Character.charCount(codePoint)
    }
    return found
}

/** How many bytes a text has in UTF-8. */
internal fun countBytes(text: String): Int {
    var bytes = 0
    for (character in text) {
        bytes +=
            when {
                character < '\u0080' -> 1
                character < '\u0800' -> 2
                character.isSurrogate() -> 2
                else -> 3
            }
    }
    return bytes
}

internal fun ensureLength(
    text: String,
    most: Int,
): String {
    ensure(text.length <= most, "longer than $most characters")
    return text
}
