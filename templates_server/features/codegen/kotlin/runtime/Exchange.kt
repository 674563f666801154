package mtribes.runtime

import java.io.ByteArrayOutputStream
import java.io.IOException
import java.io.InputStream
import java.net.HttpRetryException
import java.net.HttpURLConnection
import java.net.URL
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit

private const val BUFFER_BYTES = 8192
private const val MOST_DISCONNECTS = 20
private const val DISCONNECT_MSEC = 50L

/** One request over the network, and its answer. */
internal class Exchange(
    private val request: Request,
) {
    private var connection: HttpURLConnection? = null
    private var isCanceled = false
    private val hasEnded = CountDownLatch(1)

    /** The answer; [NO_ANSWER] where there is none. */
    fun run(): Reply =
        try {
            open()?.let(::converse) ?: NO_ANSWER
        } catch (refused: HttpRetryException) {
            // Java would ask again with a password, if it could.
            Reply(refused.responseCode())
        } catch (_: IOException) {
            NO_ANSWER
        } catch (_: RuntimeException) {
            // What is no address, or a permission that the app lacks.
            NO_ANSWER
        } finally {
            hasEnded.countDown()
        }

    @Synchronized
    private fun open(): HttpURLConnection? {
        if (isCanceled) return null
        val opened = URL(request.url).openConnection() as? HttpURLConnection
        connection = opened
        return opened
    }

    private fun converse(connection: HttpURLConnection): Reply {
        connection.requestMethod = request.method
        connection.instanceFollowRedirects = false
        connection.useCaches = false
        connection.connectTimeout = request.timeoutMsec.toInt()
        connection.readTimeout = request.timeoutMsec.toInt()
        for ((name, value) in request.headers) connection.setRequestProperty(name, value)
        request.body?.let { send(connection, it.toByteArray()) }
        val status = connection.responseCode
        val retryAfter = connection.getHeaderField("Retry-After")
        // Of an answer that asks for a password there is no body.
        val stream = (if (status < 400) connection.inputStream else connection.errorStream) ?: return Reply(status, "", retryAfter)
        val body = stream.use(::read)
        // The platform takes the end of a connection for the end of the answer.
        val announced = connection.getHeaderField("Content-Length")?.toLongOrNull() ?: 0
        return if (announced > body.size) NO_ANSWER else Reply(status, String(body), retryAfter)
    }

    private fun send(
        connection: HttpURLConnection,
        body: ByteArray,
    ) {
        connection.doOutput = true
        connection.setFixedLengthStreamingMode(body.size)
        connection.outputStream.use { it.write(body) }
    }

    private fun read(stream: InputStream): ByteArray {
        val read = ByteArrayOutputStream()
        val buffer = ByteArray(BUFFER_BYTES)
        while (true) {
            val bytes = stream.read(buffer)
            if (bytes < 0) return read.toByteArray()
            read.write(buffer, 0, bytes)
        }
    }

    /**
     * Ends it, wherever it is. Java sends a GET once more when its connection
     * ends: so this goes on until nothing waits any more.
     */
    fun cancel() {
        synchronized(this) { isCanceled = true }
        repeat(MOST_DISCONNECTS) {
            synchronized(this) { connection }?.disconnect()
            if (hasEnded.await(DISCONNECT_MSEC, TimeUnit.MILLISECONDS)) return
        }
    }
}
