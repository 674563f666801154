// Drives the Kotlin runtime through the conformance cases: templates_server/docs/development/conformance.md.
package conformance

import mtspace.vod.Event
import mtspace.vod.Experience
import mtspace.vod.ExperienceState
import mtspace.vod.Item
import mtspace.vod.Logger
import mtspace.vod.Mtribes
import mtspace.vod.PropertySet
import mtspace.vod.Section
import mtspace.vod.SectionState
import mtspace.vod.SessionState
import mtspace.vod.Snapshot
import mtspace.vod.Space
import mtspace.vod.StartOptions
import mtspace.vod.runtime.Json
import mtspace.vod.runtime.Program
import mtspace.vod.runtime.asObject
import mtspace.vod.runtime.dateText
import mtspace.vod.runtime.parseJson
import mtspace.vod.runtime.writeJson
import java.util.Date
import java.util.concurrent.Callable
import java.util.concurrent.ExecutorService
import java.util.concurrent.Executors

private val FEATURES =
    listOf("page", "server", "default space", "created space", "stable objects", "platform log") +
        listOf("live changes", "kept events", "one session a space")

private fun failing(what: String): Nothing = throw IllegalStateException("$what fails")

private fun pairsOf(value: Any?): List<Pair<String, Any?>> =
    (value as? List<*>).orEmpty().map { it as List<*> }.map { (key, given) -> key as String to valueOf(given) }

/** A value that JSON has no way to write is `{ number: "NaN" }`. */
private fun valueOf(value: Any?): Any? = if (value is Map<*, *>) (value["number"] as String).toDouble() else value

private fun raw(properties: PropertySet): Json = PropertySet.valuesOf(properties).mapValues { (_, value) -> rawValue(value) }

private fun rawValue(value: Any?): Any? =
    when (value) {
        is mtspace.vod.Color -> mapOf("value" to value.value, "opacity" to value.opacity)
        is mtspace.vod.Option -> value.value
        is Date -> dateText(value.time)
        else -> value
    }

private fun stateOf(state: Any): Json =
    when (state) {
        is ExperienceState<*> -> mapOf("enabled" to state.enabled, "properties" to raw(state.properties))
        is SectionState<*> -> mapOf("enabled" to state.enabled, "items" to state.items.map { itemOf(it as Item<*>) })
        else -> failing("the state $state")
    }

private fun itemOf(item: Item<*>): Json =
    mapOf("kind" to item.kind, "id" to item.id, "enabled" to item.enabled, "properties" to raw(item.properties))

private fun sessionOf(state: SessionState): Json =
    mapOf("status" to state.status.value, "failure" to state.failure?.value, "revision" to state.revision)

private fun optionsOf(given: Any?): StartOptions {
    val options = asObject(given ?: emptyMap<String, Any?>())
    @Suppress("UNCHECKED_CAST")
    val fields = options["fields"] as Map<String, Any?>?
    return StartOptions(options["userId"] as String?, fields, options["userSignature"] as String?)
}

/** One process of an app: what a case does with it. */
private class App(
    val world: World,
) {
    private val spaces = LinkedHashMap<String, Space>()
    private val listeners = HashMap<String, AutoCloseable>()
    private val callers = HashMap<Any, ExecutorService>()
    private val known = HashMap<String, Any>()
    val pending = ArrayList<String>()
    val broken = ArrayList<String>()
    val calls = ArrayList<Json>()

    init {
        Program.current = Program(world)
    }

    /** What runs for one caller does so on one thread. */
    fun perform(command: Json): Any? {
        val name = command["as"] ?: return run(command)
        val caller = callers.getOrPut(name) { Executors.newSingleThreadExecutor { Thread(it).apply { isDaemon = true } } }
        return caller.submit(Callable { run(command) }).get()
    }

    private fun run(command: Json): Any? {
        val space = spaces[command["space"]]
        when (command["do"]) {
            "create" -> create(command, asObject(command["options"]))
            "set" -> set(space!!, command["name"] as String, command["value"])
            "start" -> start(space!!, optionsOf(command["options"]))
            "end" -> call("end") { space!!.session.end(it) }
            "flush" -> call("flush") { space!!.session.flush(it) }
            "close" -> call("close") { space!!.close(it) }
            "identify", "anonymize" -> startAsBefore(space!!, command)
            "track" -> track(space!!, command)
            "read" -> return read(space!!, command["space"] as String, command["entity"] as String)
            "status" -> return status(space!!, command["space"] as String)
            "snapshot" -> return space!!.session.snapshot()?.let { parseJson(it.json) }
            "listen" -> listen(space!!, command, command["name"] as String)
            "stop" -> listeners[command["name"]]!!.close()
            "storage" -> world.storage = command["kind"] as String
            "page" -> spaces.values.distinct().forEach { happen(it, command["event"] as String) }
            "advance" -> world.advance((command["to"] as Double).toLong())
            "settle" -> Thread.sleep(1)
            else -> failing("the command ${command["do"]}")
        }
        return null
    }

    private fun create(
        command: Json,
        options: Json,
    ) {
        val log: Logger = { message, cause -> world.logs.add(if (cause == null) message else "$message: $cause") }
        val logger = mapOf<Any?, Logger?>("platform" to null, "throws" to { _, _ -> failing("the logger") })
        val isDefault = command["kind"] == "default"
        if (isDefault) Mtribes.initialize("", storage = world.storageOfApp())
        val space = if (isDefault) Mtribes.space else Mtribes.createSpace("", storage = world.storageOfApp())
        spaces[command["space"] as String] = space
        if (!isDefault) space.client.logger = if (options["logger"] in logger) logger[options["logger"]] else log
        options["states"]?.let { states -> space.test(asObject(states).mapValues { asObject(it.value) }) }
        val members = listOf("appVersion", "appBuild", "host", "waitTimeMsec", "sessionLock", "tracking", "apiKey")
        for (name in members) options[name]?.let { set(space, name, it) }
        options["bootstrap"]?.let { space.resume(Snapshot(writeJson(it))) }
    }

    private fun set(
        space: Space,
        name: String,
        value: Any?,
    ) {
        val client = space.client
        when (name) {
            "apiKey" -> client.apiKey = value as String
            "host" -> client.host = value as String
            "sessionLock" -> client.sessionLock = value as Boolean
            "waitTimeMsec" -> client.waitTimeMsec = (value as Double).toLong()
            "tracking" -> client.tracking = value as Boolean
            "appVersion" -> client.appVersion = value as String
            "appBuild" -> client.appBuild = value as String
            else -> failing("the member $name")
        }
    }

    /** Calls what takes its time, and notes when it has ended. */
    private fun call(
        name: String,
        work: (done: () -> Unit) -> Unit,
    ) {
        pending.add(name)
        try {
            work { pending.remove(name) }
        } catch (error: RuntimeException) {
            broken.add("$name threw: $error")
        }
    }

    private fun start(
        space: Space,
        options: StartOptions,
    ) = call("start") { done -> space.session.start(options) { done() } }

    @Suppress("DEPRECATION")
    private fun startAsBefore(
        space: Space,
        command: Json,
    ) = call("start") { done ->
        val options = optionsOf(command)
        val userId = options.userId
        if (userId == null) space.session.anonymize(options.fields) { done() } else space.session.identify(userId, options.fields) { done() }
    }

    private fun entityOf(
        space: Space,
        entity: String,
    ): Any =
        when (entity) {
            "homepage.header" -> space.collections.homepage.header
            "homepage.body" -> space.collections.homepage.body
            "onboarding.welcome" -> space.collections.onboarding.welcome
            else -> failing("the entity $entity")
        }

    private fun track(
        space: Space,
        command: Json,
    ) {
        val of = (command["of"] as String?)?.removeSuffix("]")?.split("[")
        val entity = of?.let { entityOf(space, it[0]) }
        val item = of?.getOrNull(1)?.let { (entity as Section<*>).items[it.toInt()] }
        val (one, two, three) = pairsOf(command["pairs"]) + listOf(null, null, null)
        val metadata = command["metadata"]?.let { pairsOf(it).toMap() }
        repeat((command["times"] as Double).toInt()) { number ->
            val name = (command["name"] as String).replace("#", number.toString())
            val event = metadata?.let { Event(name, it) }
            when {
                item != null -> event?.let(item::track) ?: item.track(name, one, two, three)
                entity is Experience<*> -> event?.let(entity::track) ?: entity.track(name, one, two, three)
                else -> event?.let(space.session::track) ?: space.session.track(name, one, two, three)
            }
        }
    }

    /** Whether this is the very object that stood there at the last look. */
    private fun isKnown(
        place: String,
        state: Any,
    ): Boolean = known.put(place, state) === state

    private fun read(
        space: Space,
        name: String,
        entity: String,
    ): Json =
        when (val of = entityOf(space, entity)) {
            is Experience<*> -> views(of.state, of.fallback, of.initial, "$name $entity") + ("defaults" to raw(of.defaults))
            is Section<*> -> views(of.state, of.fallback, of.initial, "$name $entity")
            else -> failing("the entity $entity")
        }

    private fun views(
        state: Any,
        fallback: Any,
        initial: Any,
        place: String,
    ): Json =
        stateOf(state) +
            mapOf("unchanged" to isKnown(place, state), "fallback" to stateOf(fallback), "initial" to stateOf(initial))

    private fun status(
        space: Space,
        name: String,
    ): Json {
        val state = space.session.state
        return sessionOf(state) + mapOf("unknown" to space.session.unknown, "state" to sessionOf(state)) +
            mapOf("unchanged" to isKnown("$name session", state))
    }

    private fun listen(
        space: Space,
        command: Json,
        name: String,
    ) {
        val of = if (command["to"] == "session") null else entityOf(space, command["to"] as String)
        val call = {
            val seen = linkedMapOf("by" to name, "at" to world.now) + sessionOf(space.session.state)
            val isReading = command["reads"] == true
            calls.add(if (isReading) seen + ("read" to stateOf(if (of is Experience<*>) of.state else (of as Section<*>).state)) else seen)
            command["stops"]?.let { listeners[it]!!.close() }
            command["starts"]?.let { start(space, optionsOf(it)) }
            if (command["throws"] == true) failing("the listener $name")
        }
        listeners[name] =
            when (of) {
                is Experience<*> -> of.onChange(call)
                is Section<*> -> of.onChange(call)
                else -> space.session.onChange(call)
            }
    }

    private fun happen(
        space: Space,
        event: String,
    ) {
        when (event) {
            "hide", "leave" -> space.client.isActive = false
            "show", "return" -> space.client.isActive = true
            "online" -> space.client.networkIsBack()
            else -> failing("the event $event")
        }
    }
}

private fun reply(
    app: App,
    result: Map<String, Any?>,
): Json {
    val world = app.world
    val times = mapOf("now" to world.now, "next" to world.nextTimer(), "watching" to 0)
    val lists = mapOf("open" to world.open.toList(), "pending" to app.pending, "broken" to app.broken, "calls" to app.calls)
    return result + times + lists + mapOf("logs" to world.logs)
}

public fun main() {
    var app: App? = null
    System.`in`.bufferedReader().forEachLine { line ->
        val command = asObject(parseJson(line))
        if (command["do"] == "begin") app = App(World(command))
        val current = app!!
        val result =
            try {
                val isFirst = command["do"] == "begin"
                val value = if (isFirst) mapOf("language" to "kotlin", "features" to FEATURES) else current.perform(command)
                mapOf("value" to value)
            } catch (error: Exception) {
                mapOf("error" to error.stackTraceToString())
            }
        current.world.runAll()
        current.world.store()
        System.out.write((writeJson(reply(current, result)) + "\n").toByteArray())
        System.out.flush()
        listOf(current.broken, current.calls, current.world.logs).forEach { it.clear() }
    }
}
