// A server: many threads, each of which serves one person after the other.
package programs

import mtspace.vod.Mtribes
import mtspace.vod.StartOptions
import mtspace.vod.runtime.writeJson
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit
import kotlin.concurrent.thread

private const val THREADS = 64
private const val PEOPLE = 200
private const val PATIENCE_MSEC = 90_000L

private fun visit(
    host: String,
    person: String,
): String =
    Mtribes.createSpace("pk_test", host = host, waitTimeMsec = 60_000, sessionLock = false).use { space ->
        val isStarted = CountDownLatch(1)
        space.session.start(StartOptions(person)) { isStarted.countDown() }
        isStarted.await(PATIENCE_MSEC, TimeUnit.MILLISECONDS)
        repeat(3) { space.session.track("seen/by", "person" to person) }
        "${space.session.status} ${space.collections.onboarding.welcome.properties.label}"
    }

private fun ownThreads(): List<String> = Thread.getAllStackTraces().keys.map { it.name }.filter { it.startsWith("mtribes") }

/** The threads of the runtime that are left when all is closed, which may take them a moment. */
private fun threadsLeft(): List<String> {
    repeat(200) { if (ownThreads().isNotEmpty()) Thread.sleep(10) }
    return ownThreads()
}

public fun main(arguments: Array<String>) {
    val people = ConcurrentLinkedQueue(List(PEOPLE) { "person-$it" })
    val seen = ConcurrentHashMap<String, String>()
    val threads =
        List(THREADS) {
            thread(isDaemon = true) {
                while (true) {
                    val person = people.poll() ?: break
                    seen[person] = visit(arguments[0], person)
                }
            }
        }
    threads.forEach { it.join(PATIENCE_MSEC) }
    println(writeJson(mapOf("seen" to seen, "stuck" to threads.count { it.isAlive }, "left" to threadsLeft())))
}
