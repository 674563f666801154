package mtribes.runtime

import java.util.concurrent.CountDownLatch

/** What a Space is made of. */
internal class Blueprint(
    val key: String,
    val host: String,
    val code: GeneratedCode,
    /** The fallback of an entity, in the form in which the server sends states; null where there is none. */
    val fallbackOf: (entity: String) -> Json?,
)

/** Makes the entities of a Space. */
internal class EntitySource(
    private val runner: Runner,
    private val blueprint: Blueprint,
) {
    /** The experience that is this child of a collection. */
    fun <P : PropertySet> experience(
        entity: String,
        type: ExperienceType<P>,
    ): Experience<P> {
        val nothing = ExperienceState(false, type.defaults)
        val layers =
            layersOf(entity, nothing) { wire, otherwise, note ->
                readExperience(type, wire, entity, otherwise.enabled, note)
            }
        return Experience(runner, entity, type, layers)
    }

    /** The layers of the section that is this child of a collection. */
    fun <E : AnyItem> section(
        entity: String,
        vararg supports: ExperienceType<*>,
    ): Layers<SectionState<E>> {
        val nothing = SectionState<AnyItem>(false, emptyList())
        val types = supports.toList()
        val layers =
            layersOf(entity, nothing) { wire, otherwise, note ->
                readSection(runner, types, wire, entity, otherwise, note)
            }
        @Suppress("UNCHECKED_CAST")
        return layers as Layers<SectionState<E>>
    }

    private fun <S : Any> layersOf(
        entity: String,
        nothing: S,
        parse: Parse<S>,
    ): Layers<S> {
        val note: Note = { _, _ -> }
        val layers =
            Layers(runner, entity, parse) {
                readOr(blueprint.fallbackOf(entity), nothing, entity, note) { parse(it, nothing, note) }
            }
        runner.entities[entity] = layers
        return layers
    }
}

/** A Space with what runs it. */
internal class Assembly(
    private val blueprint: Blueprint,
    private val program: Program,
) {
    val runner = Runner(blueprint.key, blueprint.host, blueprint.code, program)
    val source = EntitySource(runner, blueprint)
    val session = Session(runner)

    /** Serves these states, filled in from the fallbacks, without a server. */
    fun test(states: Map<String, Json>) {
        for (entity in states.keys) {
            if (entity !in runner.entities) runner.log.always("no entity ${describe(entity)}")
        }
        runner.test(states.mapValues { (entity, given) -> complete(blueprint.fallbackOf(entity), given) })
    }

    /** Goes on with the session of the snapshot, which may come from anywhere. */
    fun resume(bootstrap: Snapshot) {
        runner.attempt("the bootstrap cannot be used") {
            val snapshot = asObject(parseJson(bootstrap.json))
            val person = asObject(snapshot["person"])
            val id = asAnonymousId(person["anonymousId"])
            val options = StartOptions(person["userId"]?.let(::asString))
            runner.resume(asServed(snapshot), readOptions(options, runner), id)
        }
    }

    /** Sends what is waiting, and calls back at the end. */
    fun close(callback: () -> Unit) {
        runner.close { runner.tell { runner.attempt("a callback failed", callback) } }
    }

    /** Waits until all is sent or has failed. A thread of the runtime does not wait: it has to do that. */
    fun close() {
        val isClosed = CountDownLatch(1)
        runner.close { isClosed.countDown() }
        if (!program.platform.isOwnThread()) isClosed.await()
    }
}

/** What a test says, filled in from the fallback. */
private fun complete(
    fallback: Json?,
    given: Json,
): Json {
    val state = LinkedHashMap(fallback.orEmpty())
    state["enabled"] = true
    state.putAll(given)
    val properties = fallback?.get("properties")
    if (properties is Map<*, *>) state["properties"] = properties + (given["properties"] as? Map<*, *>).orEmpty()
    val items = given["items"]
    if (items is List<*>) state["items"] = items.mapIndexed { at, item -> completeItem(at, item) }
    return state
}

private fun completeItem(
    at: Int,
    item: Any?,
): Any? {
    if (item !is Map<*, *>) return item
    return mapOf<Any?, Any?>("id" to at.toString(), "enabled" to true, "properties" to emptyMap<String, Any?>()) + item
}
