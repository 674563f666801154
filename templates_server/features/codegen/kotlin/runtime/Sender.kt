package mtribes.runtime

import java.net.URLEncoder

/** Talks to the Client API: one request, one reply, within its time. */
internal class Sender(
    private val client: Client,
    private val loop: Loop,
    private val platform: Platform,
) {
    /** Whether it is a test, which sends nothing. */
    var isMute = false

    /** The api key and host to which it would send now; "": there is no key. */
    fun destination(): String = if (isMute || client.apiKey.isEmpty()) "" else writeJson(listOf(client.apiKey, client.host))

    /**
     * Calls `done` once, later, as work: no network, no time, and an answer
     * that nobody needs any more are replies of status 0. Without a body it
     * waits for changes.
     */
    fun send(
        path: String,
        body: String?,
        aborter: Aborter?,
        done: (Reply) -> Unit,
    ) {
        val timeout = maxOf(if (body == null) CHANGES_TIMEOUT_MSEC else TIMEOUT_MSEC, client.waitTimeMsec)
        val method = if (body == null) "GET" else "POST"
        val request = Request(method, "${client.host}/api/client$path", headers(body), body, timeout)
        var isOver = false
        var cancelTimer: Cancel = {}

        fun finish(reply: Reply) {
            if (isOver) return
            isOver = true
            cancelTimer()
            done(reply)
        }
        val cancel = platform.send(request) { reply -> loop.soon { finish(reply) } }
        cancelTimer =
            loop.after(timeout) {
                cancel()
                finish(NO_ANSWER)
            }
        aborter?.onAbort {
            cancelTimer()
            cancel()
            loop.soon { finish(NO_ANSWER) }
        }
    }

    private fun headers(body: String?): Map<String, String> {
        val headers = linkedMapOf("Accept" to "application/json", "Authorization" to "Bearer ${client.apiKey}")
        if (body != null) headers["Content-Type"] = "application/json"
        return headers
    }
}

/** Encodes a part of a URL. */
internal fun urlPart(text: String): String = encoded(storable(text))

private fun encoded(text: String): String = URLEncoder.encode(text, "UTF-8").replace("+", "%20")
