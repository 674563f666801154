// A console app: it shows the homepage of one person, and records what they looked at. `java -cp ... SampleKt pk_... [user]`
import mtspace.vod.Banner
import mtspace.vod.Carousel
import mtspace.vod.FileStorage
import mtspace.vod.Hero
import mtspace.vod.Mtribes
import mtspace.vod.StartOptions
import java.io.File
import java.util.concurrent.CountDownLatch

public fun main(arguments: Array<String>) {
    val userId = arguments.getOrNull(1)
    val folder = File(System.getProperty("java.io.tmpdir"), "mtribes-sample")
    Mtribes.initialize(apiKey = arguments[0], host = arguments.getOrNull(2), storage = FileStorage(folder))

    val isStarted = CountDownLatch(1)
    Mtribes.session.start(StartOptions(userId, mapOf("campaign" to "spring"))) { status ->
        println("The session is ${status.value}.")
        isStarted.countDown()
    }
    isStarted.await()

    val (header, body) = Mtribes.collections.homepage.let { it.header to it.body }
    println("The header is ${header.properties.background.value ?: "colorless"}.")
    for (item in body.items) {
        when (item) {
            is Hero -> println("A picture: ${item.properties.title}")
            is Carousel -> println("A list: ${item.properties.titleIds.joinToString()}")
            is Banner -> println("An offer: ${item.properties.label}")
        }
        item.track("item/seen")
    }
    header.track("movie/watched", "title" to "Parasite", "genre" to "Drama")
    Mtribes.space.close() // sends the events, and waits until that is done
}
