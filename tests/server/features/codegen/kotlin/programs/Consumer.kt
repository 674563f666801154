// An app that uses everything that is generated.
package consumer

import mtspace.vod.Banner
import mtspace.vod.Carousel
import mtspace.vod.Client
import mtspace.vod.Collections
import mtspace.vod.Color
import mtspace.vod.Event
import mtspace.vod.Events
import mtspace.vod.Experience
import mtspace.vod.ExperienceState
import mtspace.vod.ExperienceTestState
import mtspace.vod.Fields
import mtspace.vod.FileStorage
import mtspace.vod.Header
import mtspace.vod.Hero
import mtspace.vod.HomepageBodySection
import mtspace.vod.Logger
import mtspace.vod.Mtribes
import mtspace.vod.Section
import mtspace.vod.SectionState
import mtspace.vod.SectionTestState
import mtspace.vod.Session
import mtspace.vod.SessionFailure
import mtspace.vod.SessionState
import mtspace.vod.SessionStatus
import mtspace.vod.Snapshot
import mtspace.vod.Space
import mtspace.vod.SpaceStorage
import mtspace.vod.StartOptions
import java.io.File
import java.util.Date

internal fun begin(filesDir: File) {
    Mtribes.initialize(apiKey = "pk_test", storage = FileStorage(filesDir))
    val client: Client = Mtribes.client
    client.host = "https://mtribes.example.com"
    client.sessionLock = false
    client.waitTimeMsec = 500
    client.tracking = true
    client.appVersion = "2.4.0"
    client.appBuild = "4711"
    client.executor = null
    client.isActive = false
    client.isActive = true
    client.networkIsBack()
}

internal suspend fun run(fields: Map<String, Any?>): SessionStatus {
    val session: Session = Mtribes.session
    session.start()
    session.start(StartOptions("u1", fields))
    session.start(StartOptions(fields = fields)) { status -> println(status) }
    session.start(StartOptions(userId = "u1", fields = Fields(campaign = "spring", plan = Fields.Plan.GOLD, cartTotal = 5)))
    session.start { status -> println(status) }
    val failure: SessionFailure? = session.failure
    val state: SessionState = session.state
    println("$failure ${state.revision} ${session.unknown.size}")
    session.flush { println("sent") }
    session.end()
    return session.startAndAwait(StartOptions(userId = "u1", userSignature = "s"))
}

internal fun read(): List<String> {
    val collections: Collections = Mtribes.collections
    val header: Experience<Header.Properties> = collections.homepage.header
    val background: Color = header.properties.background
    val color: String? = background.value ?: header.defaults.background.value
    val sticky: Boolean = header.state.properties.sticky
    val fallback: ExperienceState<Header.Properties> = header.fallback
    val body: HomepageBodySection = collections.homepage.body
    val section: Section<HomepageBodySection.Entry> = body
    val shown: SectionState<HomepageBodySection.Entry> = section.initial
    header.onChange { println("changed") }.close()
    body.onChange { println("changed") }.use { println(it) }
    println("$color $sticky ${fallback.enabled} ${shown.items.size}")
    return body.items.map(::describe)
}

internal fun describe(item: HomepageBodySection.Entry): String =
    when (item) {
        is Hero -> layoutOf(item.properties.layout) + (item.properties.source ?: item.properties.title)
        is Banner -> ends(item.properties.endsAt) + item.defaults.label + (item.properties.discountPercent ?: 0.0)
        is Carousel -> item.properties.titleIds.joinToString(item.id)
    }

private fun layoutOf(layout: Hero.Properties.Layout): String =
    when (layout) {
        Hero.Properties.Layout.FULL_WIDTH -> "wide"
        Hero.Properties.Layout.BOXED -> "boxed"
        Hero.Properties.Layout.UNSET -> layout.value
    }

private fun ends(date: Date?): String = date?.time.toString()

internal fun track() {
    val (header, body) = Mtribes.collections.homepage.let { it.header to it.body }
    Mtribes.session.track("item/clicked")
    Mtribes.session.track("movie/watched", "title" to "Parasite", "genre" to "Drama", "year" to 2019)
    header.track("movie/watched", pair1 = "title" to "Parasite")
    body.items.forEach { it.track("hero/seen") }
    val event: Event = Events.videoCompleted(title = "Parasite", genre = Events.VideoCompleted.Genre.DRAMA)
    Mtribes.session.track(event)
    header.track(Events.searchDone(results = 12, isFirst = true))
    body.items.first().track(Events.searchDone(results = 0.5))
    Mtribes.session.track(Events.itemClicked())
}

internal class Kept : SpaceStorage {
    private val kept = HashMap<String, String>()

    override fun get(key: String): String? = kept[key]

    override fun set(
        key: String,
        text: String,
    ) {
        kept[key] = text
    }

    override fun remove(key: String) {
        kept.remove(key)
    }
}

internal fun spaces(logger: Logger): Snapshot? {
    val space: Space = Mtribes.createSpace("pk_test", storage = Kept(), executor = { it.run() }, logger = logger, tracking = false)
    val snapshot = space.session.snapshot()
    space.close { println("closed") }
    Mtribes.createSpace(apiKey = "pk_test", bootstrap = Snapshot("{}"), sessionLock = false, waitTimeMsec = 5).use { println(it) }
    val test =
        Mtribes.createTestSpace {
            homepage.header = ExperienceTestState(Header.Values(sticky = false, background = Color("#ffd700", 0.5)))
            homepage.body =
                SectionTestState(
                    listOf(
                        Hero.TestItem(Hero.Values(title = "T", layout = Hero.Properties.Layout.BOXED)),
                        Banner.TestItem(Banner.Values(discountPercent = 5, endsAt = Date(0)), id = "b", enabled = false),
                        Carousel.TestItem(Carousel.Values(titleIds = listOf("t-1"))),
                    ),
                )
            onboarding.welcome = ExperienceTestState(enabled = false)
        }
    println(test.collections.homepage.body.items)
    return snapshot
}
