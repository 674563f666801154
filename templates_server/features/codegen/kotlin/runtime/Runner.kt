package mtribes.runtime

import java.util.concurrent.RejectedExecutionException

/** Runs the sessions of a Space, one after the other. */
internal class Runner(
    spaceKey: String,
    host: String,
    private val code: GeneratedCode,
    private val program: Program,
) : Surroundings {
    private val platform = program.platform
    private val loop = Loop(platform)
    val entities = LinkedHashMap<String, Layers<*>>()
    val client = Client(host, Watcher())
    val log = Log(client, platform, ::tell)
    private val store = Store(spaceKey, client)
    private val identity = IdentityKeeper(store, platform)
    private val sender = Sender(client, loop, platform)
    private val report = ReportKeeper(store, client, program) { code.hash + sender.destination() }
    private val pauses = Pauses(loop, platform)
    private val events = EventQueue(sender, pauses, loop, client, log, store, platform)
    private val follower = Follower(client, loop, platform, pauses, Changes())
    private val listeners = Listeners("session", this) { IDLE }
    override val shown = Any()

    /** Stands for this Space among its callers. */
    private val self = Any()

    /** Changed by those who hold the lock `shown`. */
    @Volatile
    private var state = IDLE

    @Volatile
    var initial = IDLE
        private set
    private var revision: String? = null

    /** Who was started last, and has not ended. */
    private var person: Person? = null

    /** Theirs; null while it is looked for. */
    private var anonymousId: String? = null

    /** What the server called their session. */
    private var session: String? = null

    /** The key of the environment that it is of; "" before there is one. */
    private var key = ""

    /** Another with each start and end, and each further attempt: whatever began before is over. */
    private var turn = Aborter()
    private var cancelRetry: Cancel? = null

    /** What a test says that is served; then there is no server. */
    private var states: Json? = null
    private var hasEnded = false

    /** Whose start the present session is. */
    private var caller: Caller? = null

    /** The server has refused what sessions say besides: then they start without it. */
    private var isBare = false
    private var isWatching = false

    /** Says that no thread is needed any more. */
    private var letGo: Cancel? = null

    @Volatile
    private var isClosing = false
    private var isClosed = false
    private val whenClosed = ArrayList<() -> Unit>()

    /** Where the app says, else after what was to be called before. */
    override fun tell(call: () -> Unit): Unit =
        loop.tell {
            try {
                client.executor?.execute(call) ?: call()
            } catch (cause: RejectedExecutionException) {
                platform.report("the executor takes no calls", cause)
            }
        }

    /** What calls the app at the end of something that it began. */
    private fun callback(call: () -> Unit): () -> Unit = { tell { attempt("a callback failed", call) } }

    override fun <T> attempt(
        what: String,
        call: () -> T,
    ): T? =
        try {
            call()
        } catch (cause: Exception) {
            log.always(what, cause)
            null
        }

    /** Whether nobody else can be here: on a device, in a test. */
    private fun isAlone() = platform.hasOnePerson || states != null

    override fun isHidden(): Boolean = state.status != SessionStatus.IDLE && program.callersHere().any { it.of === self && it.isRefused }

    override fun isTest(): Boolean = states != null

    override fun isLocking(): Boolean =
        client.sessionLock && (state.status == SessionStatus.SERVED || state.status == SessionStatus.FALLBACK)

    /** Nobody is served until the end of the session is declared. */
    private fun isInUse() = state.failure == SessionFailure.IN_USE

    /** Whether all is over; who does not know it is told once. */
    private fun isOver(): Boolean {
        if (isClosing) log.once("the Space is closed")
        return isClosing
    }

    fun state(): SessionState = if (isHidden()) REFUSED else state

    fun onChange(listener: () -> Unit): AutoCloseable = listeners.onChange(listener)

    /** Says how it stands now, with what is shown: all of that is there before anybody is told of any of it. */
    private fun conclude(
        status: SessionStatus,
        failure: SessionFailure? = null,
        edit: () -> Unit = {},
    ) {
        synchronized(shown) {
            edit()
            val news = SessionState(status, failure, revision)
            if (news != state) state = news
            entities.values.forEach { it.announce() }
            listeners.announce(state)
        }
    }

    private inner class Watcher : ClientWatcher {
        override fun <T> change(edit: () -> T): T = loop.now(edit)

        override fun keyChanged() {
            if (isClosing) return
            val next = client.apiKey
            loop.soon {
                events.flush {}
                if (key.isEmpty()) key = next
                if (state.failure == SessionFailure.MISSING_KEY && sender.destination().isNotEmpty()) prime {}
            }
        }

        override fun lockChanged() {
            follower.stop()
            val failure = state.failure.takeIf { state.status != SessionStatus.SERVED }
            conclude(state.status, failure) {
                if (!client.sessionLock) entities.values.forEach { it.unlock() }
            }
            follow()
        }

        override fun trackingChanged(): Unit =
            loop.soon {
                if (!client.tracking) {
                    store.clear()
                    events.dropAll()
                    report.put(emptyList())
                } else if (!isClosing) {
                    identity.saveAgain()
                    reportUnknown()
                    events.restore()
                }
            }

        override fun activityChanged(isActive: Boolean): Unit =
            loop.soon {
                if (isWatching && isActive) {
                    pauses.hurry()
                    follower.show()
                } else if (isWatching) {
                    events.leave()
                    follower.hide()
                }
            }

        override fun networkIsBack(): Unit =
            loop.soon {
                if (isWatching) {
                    pauses.hurry()
                    follower.show()
                }
            }

        override fun log(message: String): Unit = this@Runner.log.always(message)
    }

    private inner class Changes : Following {
        override fun poll(
            waitSeconds: Int,
            aborter: Aborter,
            done: (Reply) -> Unit,
        ) {
            val path = "/sessions/${urlPart(session.orEmpty())}/changes"
            val query = "since=${urlPart(revision.orEmpty())}&wait=$waitSeconds"
            sender.send("$path?$query", null, aborter, done)
        }

        override fun isNews(revision: String): Boolean = revision != this@Runner.revision

        override fun take(served: Served?): Unit = this@Runner.take(served)

        override fun fail(reply: Reply): Unit = conclude(state.status, failureOf(reply))

        override fun restart(): Unit = prime {}
    }

    /** Takes an answer; null: nothing is new. What a whole session's answer does not name falls back. */
    private fun take(served: Served?) {
        if (served == null) return conclude(SessionStatus.SERVED)
        session = served.session ?: session
        conclude(SessionStatus.SERVED) {
            revision = served.revision
            for ((entity, layers) in entities) {
                if (entity in served.states) {
                    layers.serve(served.states[entity])
                } else if (served.session != null) {
                    layers.drop()
                }
            }
        }
        val news = reportUnknown().filter(log::isNew)
        if (news.isNotEmpty()) log.always("this code cannot use ${news.joinToString("; ")}")
    }

    private fun listUnknown(): List<String> = synchronized(shown) { entities.values.flatMap { it.unknown } }.take(MOST_UNKNOWN)

    fun unknown(): List<String> = if (isHidden()) emptyList() else listUnknown()

    /** What this code cannot use is told to the server when the next session starts. */
    private fun reportUnknown(): List<String> {
        val unknown = listUnknown()
        if (client.tracking && states == null) report.put(report.list() + unknown)
        return unknown
    }

    /**
     * Asks for the state of every entity at once, later again where that fails.
     * An answer counts unless the session is over. Calls `done` at the end of
     * the first attempt.
     */
    private fun prime(
        failures: Int = 1,
        done: () -> Unit,
    ) {
        val mine = Aborter()
        turn = mine
        val told = if (client.tracking) report.list() else emptyList()
        val app = readApp(client, platform, this)
        val body = LinkedHashMap(person?.members().orEmpty())
        body.putAll(present("fields" to person?.fields, "anonymous_id" to anonymousId))
        if (!isBare) {
            body["code"] = mapOf("hash" to code.hash, "language" to code.language)
            body["app"] = app
            if (told.isNotEmpty()) body["unknown"] = told
        }
        sender.send("/sessions", writeJson(body), mine) { reply ->
            takeStart(reply, failures, mine, told.isNotEmpty())
            done()
        }
    }

    private fun takeStart(
        reply: Reply,
        failures: Int,
        mine: Aborter,
        hasTold: Boolean,
    ) {
        val served = readServed(reply)
        val isRefused = isRefusedBody(reply)
        if (isRefused) isBare = !isBare
        if (hasTold && (isRefused || served != null)) report.put(emptyList())
        if (turn !== mine) return
        if (served?.session != null) {
            take(served)
            return follow()
        }
        cancelRetry = pauses.afterFailure(failures, reply) { prime(failures + 1) {} }
        val failure = failureOf(reply)
        val isNew = failure != state.failure
        // Changes do not come through; what was served stays.
        conclude(if (session == null) SessionStatus.FALLBACK else SessionStatus.SERVED, failure)
        if (isNew && (failure == SessionFailure.REFUSED || failure == SessionFailure.NONSENSE)) {
            log.always("no session: ${failure.value}: ${reply.status}")
        }
    }

    /** The answer of the server to a start that it does not understand. */
    private fun isRefusedBody(reply: Reply): Boolean =
        reply.status == TOO_LARGE ||
            ((reply.status == 400 || reply.status == 422) && reply.text.trimStart().startsWith("{"))

    private fun follow() {
        if (session != null && !client.sessionLock && !isClosing) follower.follow()
    }

    /** From the first use on, the app's activity and the network's return are known, and there are threads. */
    private fun watch() {
        if (letGo == null) letGo = platform.open()
        if (states != null || isWatching) return
        isWatching = true
        loop.soon { report.list() }
    }

    /** Ends all that is under way. */
    private fun halt() {
        val ended = turn
        turn = Aborter()
        ended.abort()
        follower.stop()
        cancelRetry?.invoke()
    }

    private fun stop() {
        halt()
        person = null
        anonymousId = null
        session = null
    }

    /** Shows fallbacks from here on. */
    private fun fallBack(
        status: SessionStatus,
        failure: SessionFailure? = null,
    ): Unit =
        conclude(status, failure) {
            revision = null
            for (layers in entities.values) {
                layers.unlock()
                layers.drop()
            }
        }

    private fun isPerson(next: Person?): Boolean = person != null && next != null && person?.userId == next.userId

    /** Whether this Space already serves somebody else. Of two visitors on a server nobody knows that they are one. */
    private fun isTaken(next: Person?): Boolean {
        if (state.status == SessionStatus.IDLE || isAlone()) return false
        return !(isPerson(next) && (next?.userId != null || client.storage != null))
    }

    private fun refuse(newcomer: Caller?) {
        val isNew = !isInUse()
        newcomer?.isRefused = true
        caller?.isRefused = true
        stop()
        fallBack(SessionStatus.FALLBACK, SessionFailure.IN_USE)
        if (isNew) {
            log.always("another session has not ended: call session.end(), or Mtribes.createSpace() for each request")
        }
    }

    fun start(
        options: StartOptions,
        callback: () -> Unit,
    ): Unit =
        loop.now {
            val done = once(callback(callback))
            if (isOver()) done() else begin(options, done)
        }

    private fun once(call: () -> Unit): () -> Unit {
        var isDone = false
        return {
            if (!isDone) {
                isDone = true
                call()
            }
        }
    }

    /** What the same person sees stays until there is something newer; a visitor who has signed in is another person. */
    private fun begin(
        options: StartOptions,
        done: () -> Unit,
    ) {
        watch()
        val newcomer = if (isAlone()) null else program.enterCaller(self)
        val next = attempt("the session is not started") { readOptions(options, this) }
        if (isTaken(next)) {
            refuse(newcomer)
            return done()
        }
        val isSame = isPerson(next) && key == client.apiKey
        val idBefore = anonymousId
        stop()
        caller = newcomer
        person = next
        key = client.apiKey
        if (next == null) {
            fallBack(SessionStatus.FALLBACK, SessionFailure.REFUSED)
            return done()
        }
        val cancelTimer =
            loop.after(client.waitTimeMsec) {
                val isWaiting = person === next && state.status == SessionStatus.STARTING
                if (isWaiting) conclude(SessionStatus.FALLBACK, SessionFailure.TIMEOUT)
                done()
            }
        show(isSame, idBefore) {
            cancelTimer()
            done()
        }
    }

    private fun show(
        isSame: Boolean,
        idBefore: String?,
        done: () -> Unit,
    ) {
        val mine = turn
        states?.let {
            anonymousId = platform.newId()
            take(Served(null, "test", it))
            return done()
        }
        if (isSame) {
            conclude(SessionStatus.STARTING) { entities.values.forEach { it.keep() } }
        } else {
            fallBack(SessionStatus.STARTING)
        }
        // What takes time, such as to look into storage, is not for the thread of the app.
        loop.soon {
            if (hasEnded) identity.forget()
            hasEnded = false
            if (turn === mine) goOn(idBefore, done) else done()
        }
    }

    private fun goOn(
        idBefore: String?,
        done: () -> Unit,
    ) {
        anonymousId = identity.idFor(person)
        if (person?.userId == null && idBefore != anonymousId) fallBack(SessionStatus.STARTING)
        if (sender.destination().isNotEmpty()) return prime(done = done)
        conclude(SessionStatus.FALLBACK, SessionFailure.MISSING_KEY)
        log.always("client.apiKey is not set")
        done()
    }

    fun flush(callback: () -> Unit): Unit =
        loop.soon {
            val done = callback(callback)
            if (isClosing) whenClosed(done) else events.flush(done)
        }

    fun end(callback: () -> Unit): Unit =
        loop.now {
            // Who was refused has no session to end, unless it is to have everybody served again.
            if (!isClosing && (!isHidden() || isInUse())) {
                stop()
                if (!platform.hasOnePerson) {
                    loop.soon {
                        hasEnded = true
                        identity.forget()
                    }
                }
                fallBack(SessionStatus.IDLE)
            }
            flush(callback)
        }

    private fun whenClosed(done: () -> Unit) {
        if (isClosed) done() else whenClosed.add(done)
    }

    /** Sends what is waiting, and then no more; calls `done` at the end, as work. */
    fun close(done: () -> Unit): Unit =
        loop.now {
            val isFirst = !isClosing
            isClosing = true
            loop.soon {
                whenClosed(done)
                if (isFirst) finish()
            }
        }

    private fun finish() {
        halt()
        isWatching = false
        if (state.status == SessionStatus.STARTING) conclude(SessionStatus.IDLE)
        events.close {
            isClosed = true
            whenClosed.forEach { it() }
            whenClosed.clear()
            letGo?.invoke()
        }
    }

    override fun record(
        name: String,
        metadata: List<Pair<String, Any?>>,
        place: Json,
    ): Unit =
        loop.now {
            // After a failure of nobody's it is not known who is there.
            val isMute = person == null && state.status == SessionStatus.FALLBACK
            if (!isOver() && !isMute && states == null && !isHidden()) add(name, metadata, place)
        }

    private fun add(
        name: String,
        metadata: List<Pair<String, Any?>>,
        place: Json,
    ) {
        watch()
        val what = "the event ${describe(name)} is not recorded"
        attempt(what) {
            val event = readEvent(name, metadata, place)
            val whose = person
            val id = anonymousId
            event.putAll(present("session" to session))
            loop.soon {
                attempt(what) {
                    event["anonymous_id"] = id ?: anonymousId.takeIf { person === whose } ?: identity.idFor(whose)
                    event.putAll(whose?.members().orEmpty())
                    events.add(event)
                }
            }
        }
    }

    /** All of an event but whom it is of. */
    private fun readEvent(
        name: String,
        metadata: List<Pair<String, Any?>>,
        place: Json,
    ): LinkedHashMap<String, Any?> {
        val timestamp = dateText(platform.now())
        // A clock that was never set: the time of arrival is nearer.
        val isSet = timestamp.startsWith("2")
        val event =
            present(
                "id" to platform.newId(),
                "name" to asEventName(name),
                "timestamp" to timestamp.takeIf { isSet },
            )
        event.putAll(place)
        event.putAll(present("metadata" to readMetadata(metadata)))
        return event
    }

    fun snapshot(): Snapshot? =
        loop.now {
            val id = anonymousId
            if (id == null || revision == null || isHidden()) {
                null
            } else {
                val wires = synchronized(shown) { entities.mapValues { it.value.wire() } }
                val person = mapOf("anonymousId" to id, "userId" to person?.userId)
                val states = wires.filterValues { it != null }
                val members =
                    mapOf("session" to session, "revision" to revision, "states" to states, "person" to person)
                Snapshot(writeJson(members))
            }
        }

    /** What is shown now is what the first rendering shows. */
    private fun settle(): Unit =
        synchronized(shown) {
            initial = state
            entities.values.forEach { it.begin() }
        }

    /** Goes on with a session that was started elsewhere, of this person. */
    fun resume(
        served: Served,
        next: Person,
        id: String,
    ): Unit =
        loop.now {
            person = next
            anonymousId = id
            key = client.apiKey
            watch()
            loop.soon { identity.save(Identity(id, next.userId)) }
            take(served)
            settle()
            follow()
        }

    /** Serves these states from here on, without a server. */
    fun test(given: Json): Unit =
        loop.now {
            states = given
            sender.isMute = true
            begin(StartOptions()) {}
            settle()
        }
}
