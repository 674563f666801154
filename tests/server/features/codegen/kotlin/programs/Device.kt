// An app in conversation with a server: callbacks, storage in files, an executor of its own, and its end.
package programs

import mtspace.vod.Events
import mtspace.vod.FileStorage
import mtspace.vod.Mtribes
import mtspace.vod.SessionStatus
import mtspace.vod.StartOptions
import mtspace.vod.runtime.writeJson
import java.io.File
import java.util.Collections
import java.util.concurrent.CompletableFuture
import java.util.concurrent.Executors
import kotlin.coroutines.Continuation
import kotlin.coroutines.EmptyCoroutineContext
import kotlin.coroutines.startCoroutine

private fun <T> await(work: suspend () -> T): T {
    val done = CompletableFuture<T>()
    work.startCoroutine(Continuation(EmptyCoroutineContext) { result -> result.fold(done::complete, done::completeExceptionally) })
    return done.get()
}

public fun main(arguments: Array<String>) {
    val (host, key, folder) = arguments
    val storage = FileStorage(File(folder))
    storage.set("a/../key: ü", "text ü")
    val kept = storage.get("a/../key: ü")
    storage.remove("a/../key: ü")
    val calls = Collections.synchronizedSet(HashSet<String>())
    val executor = Executors.newSingleThreadExecutor { Thread(it, "of-the-app") }
    val errors = Collections.synchronizedList(ArrayList<String>())
    val space =
        Mtribes.createSpace(
            apiKey = key,
            host = host,
            storage = storage,
            executor = executor,
            logger = { message, _ -> errors.add(message) },
            waitTimeMsec = 20_000,
        )
    space.session.onChange { calls.add(Thread.currentThread().name) }
    val before = space.collections.homepage.body.items.map { it.id }
    val status: SessionStatus = await { space.session.startAndAwait(StartOptions("u1", mapOf("campaign" to "spring"))) }
    calls.add(Thread.currentThread().name)
    space.session.track("app/opened", "from" to "test")
    space.collections.homepage.header.track(Events.videoCompleted("Parasite", Events.VideoCompleted.Genre.DRAMA))
    space.collections.homepage.body.items.first().track("hero/seen")
    val after = space.collections.homepage.body.items.map { it.id }
    space.close()
    executor.shutdown()
    val files = File(folder).list().orEmpty().sorted()
    val seen = mapOf("status" to status.value, "before" to before, "after" to after, "errors" to errors, "calls" to calls.sorted())
    println(writeJson(seen + mapOf("kept" to kept, "gone" to storage.get("a/../key: ü"), "files" to files)))
}
