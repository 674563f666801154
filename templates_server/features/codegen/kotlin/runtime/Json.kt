package mtribes.runtime

/** An object of JSON; its values are such, lists, texts, doubles, booleans and null. */
internal typealias Json = Map<String, Any?>

/** The value of a JSON text; [Nonsense] for what is none, or is nested too deep. */
internal fun parseJson(text: String): Any? = JsonParser(text).parse()

private class JsonParser(
    private val text: String,
) {
    private var at = 0

    fun parse(): Any? {
        val value = value(0)
        skipSpace()
        ensure(at == text.length, "not JSON")
        return value
    }

    private fun value(depth: Int): Any? {
        ensure(depth < DEEPEST_JSON, "nested too deep")
        skipSpace()
        return when (peek()) {
            '{' -> readObject(depth)
            '[' -> readArray(depth)
            '"' -> readString()
            't' -> word("true", true)
            'f' -> word("false", false)
            'n' -> word("null", null)
            else -> readNumber()
        }
    }

    private fun peek(): Char {
        ensure(at < text.length, "not JSON")
        return text[at]
    }

    private fun skipSpace() {
        while (at < text.length && text[at] in " \t\r\n") at += 1
    }

    private fun take(character: Char) {
        ensure(peek() == character, "not JSON")
        at += 1
    }

    private fun word(
        word: String,
        value: Any?,
    ): Any? {
        ensure(text.startsWith(word, at), "not JSON")
        at += word.length
        return value
    }

    private fun readObject(depth: Int): Json {
        val members = LinkedHashMap<String, Any?>()
        take('{')
        skipSpace()
        if (peek() == '}') {
            at += 1
            return members
        }
        while (true) {
            skipSpace()
            val key = readString()
            skipSpace()
            take(':')
            members[key] = value(depth + 1)
            if (isLast('}')) return members
        }
    }

    private fun readArray(depth: Int): List<Any?> {
        val values = ArrayList<Any?>()
        take('[')
        skipSpace()
        if (peek() == ']') {
            at += 1
            return values
        }
        while (true) {
            values.add(value(depth + 1))
            if (isLast(']')) return values
        }
    }

    /** Takes a comma, after which another value comes, or the closing bracket. */
    private fun isLast(closing: Char): Boolean {
        skipSpace()
        val found = peek()
        ensure(found == ',' || found == closing, "not JSON")
        at += 1
        return found == closing
    }

    private fun readString(): String {
        take('"')
        val read = StringBuilder()
        while (true) {
            val character = peek()
            ensure(character >= ' ', "not JSON")
            at += 1
            when (character) {
                '"' -> return read.toString()
                '\\' -> read.append(readEscape())
                else -> read.append(character)
            }
        }
    }

    private fun readEscape(): Char {
        val letter = peek()
        at += 1
        return when (letter) {
            '"', '\\', '/' -> letter
            'b' -> '\b'
            'f' -> '\u000c'
            'n' -> '\n'
            'r' -> '\r'
            't' -> '\t'
            'u' -> readUnicode()
            else -> throw Nonsense("not JSON")
        }
    }

    private fun readUnicode(): Char {
        ensure(at + 4 <= text.length, "not JSON")
        var code = 0
        repeat(4) {
            val digit = Character.digit(text[at], 16)
            ensure(digit >= 0 && text[at] < '\u0080', "not JSON")
            code = code * 16 + digit
            at += 1
        }
        return code.toChar()
    }

    private fun readNumber(): Double {
        val from = at
        if (peek() == '-') at += 1
        if (peek() == '0') at += 1 else skipDigits()
        if (at < text.length && text[at] == '.') {
            at += 1
            skipDigits()
        }
        if (at < text.length && text[at] in "eE") {
            at += 1
            if (peek() in "+-") at += 1
            skipDigits()
        }
        return text.substring(from, at).toDouble()
    }

    private fun skipDigits() {
        val from = at
        while (at < text.length && text[at] in '0'..'9') at += 1
        ensure(at > from, "not JSON")
    }
}

/** The JSON text of a value; what JSON has no form for is null. */
internal fun writeJson(value: Any?): String = StringBuilder().also { write(it, value) }.toString()

private fun write(
    into: StringBuilder,
    value: Any?,
) {
    when (value) {
        is String -> writeString(into, value)
        is Boolean -> into.append(value)
        is Number -> into.append(if (isFinite(value)) numberText(value) else "null")
        is Map<*, *> -> writeObject(into, value)
        is List<*> -> writeArray(into, value)
        else -> into.append("null")
    }
}

private fun writeObject(
    into: StringBuilder,
    members: Map<*, *>,
) {
    into.append('{')
    var isFirst = true
    for ((key, value) in members) {
        if (!isFirst) into.append(',')
        isFirst = false
        writeString(into, key.toString())
        into.append(':')
        write(into, value)
    }
    into.append('}')
}

private fun writeArray(
    into: StringBuilder,
    values: List<*>,
) {
    into.append('[')
    values.forEachIndexed { place, value ->
        if (place > 0) into.append(',')
        write(into, value)
    }
    into.append(']')
}

private fun writeString(
    into: StringBuilder,
    text: String,
) {
    into.append('"')
    text.forEachIndexed { place, character ->
        when (character) {
            '"' -> {
                into.append("\\\"")
            }

            '\\' -> {
                into.append("\\\\")
            }

            '\b' -> {
                into.append("\\b")
            }

            '\u000c' -> {
                into.append("\\f")
            }

            '\n' -> {
                into.append("\\n")
            }

            '\r' -> {
                into.append("\\r")
            }

            '\t' -> {
                into.append("\\t")
            }

            else -> {
                if (character < ' ' || isHalf(text, place)) {
                    into.append("\\u").append(character.code.toString(16).padStart(4, '0'))
                } else {
                    into.append(character)
                }
            }
        }
    }
    into.append('"')
}

/** Whether half a surrogate pair stands there alone. */
private fun isHalf(
    text: String,
    place: Int,
): Boolean {
    val character = text[place]
    if (character.isHighSurrogate()) return !(place + 1 < text.length && text[place + 1].isLowSurrogate())
    return character.isLowSurrogate() && !(place > 0 && text[place - 1].isHighSurrogate())
}
