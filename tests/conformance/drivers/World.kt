// What the Kotlin runtime finds around itself: a clock that a case moves, a device or a server, storage, and counted requests.
package conformance

import mtspace.vod.SpaceStorage
import mtspace.vod.runtime.Cancel
import mtspace.vod.runtime.Exchange
import mtspace.vod.runtime.Json
import mtspace.vod.runtime.Platform
import mtspace.vod.runtime.Reply
import mtspace.vod.runtime.Request
import mtspace.vod.runtime.asObject
import mtspace.vod.runtime.parseJson
import mtspace.vod.runtime.writeJson
import java.io.File
import java.net.InetSocketAddress
import java.net.Socket
import java.net.URL
import java.util.UUID
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.Executor
import java.util.concurrent.Executors

private val THREADS = Executors.newCachedThreadPool { Thread(it).apply { isDaemon = true } }

/** A GET by hand: Java's own is sent once more, unseen, when the connection ends without an answer. */
private class Poll(
    private val request: Request,
) {
    private val url = URL(request.url)
    private val socket = Socket()

    fun run(): Reply =
        try {
            socket.connect(InetSocketAddress(url.host, url.port))
            val headers = request.headers + mapOf("Host" to url.authority, "Connection" to "close")
            val lines = headers.map { (name, value) -> "$name: $value\r\n" }.joinToString("")
            socket.getOutputStream().write("GET ${url.file} HTTP/1.1\r\n$lines\r\n".toByteArray())
            val (head, body) = socket.getInputStream().readBytes().decodeToString().split("\r\n\r\n", limit = 2)
            val retryAfter = Regex("Retry-After: (.*)").find(head)?.groupValues?.get(1)?.trim()
            Reply(head.split(" ")[1].toInt(), body, retryAfter)
        } catch (_: Exception) {
            Reply(0)
        } finally {
            socket.close()
        }

    fun cancel() = socket.close()
}

internal class World(
    begin: Json,
) : Platform {
    private class Timer(
        val at: Long,
        val task: () -> Unit,
    )

    private val chance = begin["chance"] as Double
    private val file = File(begin["file"] as String)
    private val kept = LinkedHashMap(asObject(parseJson(file.readText())))
    private val tasks = ConcurrentLinkedQueue<Runnable>()
    private val timers = ArrayList<Timer>()
    private var sent = 0
    private var isStored = true
    var now = (begin["now"] as Double).toLong()
    var storage = begin["storage"] as String
    val open = LinkedHashSet<Int>()
    val logs = ArrayList<String>()
    override val hasOnePerson = begin["place"] == "page"
    override val name = if (hasOnePerson) "android" else "server"

    override fun now(): Long = now

    override fun random(): Double = chance

    override fun newId(): String = UUID.randomUUID().toString()

    override fun queue(): Executor = Executor { tasks.add(it) }

    override fun schedule(
        milliseconds: Long,
        task: () -> Unit,
    ): Cancel {
        val timer = Timer(now + milliseconds, task)
        timers.add(timer)
        return { timers.remove(timer) }
    }

    /** Each request carries its number, by which the relay tells what is under way. */
    override fun send(
        request: Request,
        done: (Reply) -> Unit,
    ): Cancel {
        sent += 1
        val number = sent
        val headers = request.headers + ("Conformance-Request" to number.toString())
        val numbered = Request(request.method, request.url, headers, request.body, request.timeoutMsec)
        val exchange = Exchange(numbered)
        val poll = Poll(numbered)
        val isPoll = request.method == "GET"
        open.add(number)
        THREADS.execute {
            val reply = if (isPoll) poll.run() else exchange.run()
            tasks.add {
                if (number in open) done(reply)
                tasks.add { open.remove(number) }
            }
        }
        return {
            open.remove(number)
            if (isPoll) poll.cancel() else THREADS.execute(exchange::cancel)
        }
    }

    override fun report(
        message: String,
        cause: Throwable?,
    ) {
        logs.add("mtribes: $message" + if (cause == null) "" else ": $cause")
    }

    override fun open(): Cancel = {}

    override fun isOwnThread(): Boolean = false

    /** Runs what can run without time passing. */
    fun runAll() {
        while (true) (tasks.poll() ?: return).run()
    }

    fun nextTimer(): Long? = timers.minOfOrNull { it.at }

    /** Runs all timers that are due until then, in order, each followed by what needs no time. */
    fun advance(to: Long) {
        while (true) {
            val due = timers.filter { it.at <= to }.minByOrNull { it.at } ?: break
            now = maxOf(now, due.at)
            timers.remove(due)
            due.task()
            runAll()
        }
        now = to
    }

    /** Writes what storage holds: a process that ends leaves it to the next. */
    fun store() {
        if (!isStored) file.writeText(writeJson(kept))
        isStored = true
    }

    fun storageOfApp(): SpaceStorage? = if (storage == "none") null else Kept()

    private inner class Kept : SpaceStorage {
        private fun check(isLonger: Boolean) {
            val fails = storage == "failing" || storage == "forbidden" || (storage == "full" && isLonger)
            check(!fails) { storage }
        }

        override fun get(key: String): String? {
            check(false)
            return kept[key] as String?
        }

        override fun set(
            key: String,
            text: String,
        ) {
            check(text.length > (kept[key] as String?).orEmpty().length)
            kept[key] = text
            isStored = false
        }

        override fun remove(key: String) {
            check(false)
            kept.remove(key)
            isStored = false
        }
    }
}
