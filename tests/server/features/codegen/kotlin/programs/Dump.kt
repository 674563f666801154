// Prints what the properties of every child of a page are, as an app reads them; of a select all of its options.
package programs

import mtspace.vod.runtime.dateText
import mtspace.vod.runtime.writeJson
import java.util.Date

private val GETTER = Regex("(?:get|is)[A-Z].*")

/** What the public getters of an object give, by name of property. */
private fun read(of: Any): Map<String, Any?> =
    of.javaClass.methods
        .filter { it.parameterCount == 0 && it.name != "getClass" && GETTER.matches(it.name) }
        .associate { getter -> getter.name.removePrefix("get").replaceFirstChar { it.lowercase() } to getter.invoke(of) }

private fun plain(value: Any?): Any? =
    when (value) {
        null, is String, is Number, is Boolean, is List<*> -> value
        is Date -> dateText(value.time)
        is Enum<*> -> value.javaClass.enumConstants.map { read(it)["value"] }
        else -> read(value).mapValues { plain(it.value) }
    }

private fun dump(page: Any): Map<String, Any?> {
    val children = read(page).values.filterNotNull().map(::read)
    val items = children.firstOrNull { "items" in it }?.get("items") as List<*>?
    val read = children.filter { "kind" in it }.map { listOf(it["kind"], plain(it["properties"]), plain(it["defaults"])) }
    return mapOf("read" to read, "items" to items.orEmpty().map { read(it!!) }.map { listOf(it["kind"], it["id"], plain(it["properties"])) })
}

public fun main() {
    val pages =
        mapOf(
            "hostile0" to mtspace.hostile0.Mtribes.collections.page,
            "hostile1" to mtspace.hostile1.Mtribes.collections.page,
            "hostile2" to mtspace.hostile2.Mtribes.collections.page,
            "keys" to mtspace.keys.Mtribes.collections.zz,
        )
    System.out.write(writeJson(pages.mapValues { dump(it.value) }).toByteArray())
    System.out.flush()
}
