package mtribes.runtime

import java.io.ByteArrayOutputStream
import java.io.IOException
import java.io.InputStream
import java.net.HttpURLConnection
import java.net.URL

private const val BUFFER_BYTES = 8192

/** One request over the network, and its answer. */
internal class Exchange(
    private val request: Request,
) {
    private var connection: HttpURLConnection? = null
    private var isCanceled = false

    /** The answer; [NO_ANSWER] where there is none. */
    fun run(): Reply =
        try {
            open()?.let(::converse) ?: NO_ANSWER
        } catch (_: IOException) {
            NO_ANSWER
        } catch (_: RuntimeException) {
            // What is no address, or a permission that the app lacks.
            NO_ANSWER
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
        val text = (if (status < 400) connection.inputStream else connection.errorStream)?.use(::read) ?: ""
        return Reply(status, text, connection.getHeaderField("Retry-After"))
    }

    private fun send(
        connection: HttpURLConnection,
        body: ByteArray,
    ) {
        connection.doOutput = true
        connection.setFixedLengthStreamingMode(body.size)
        connection.outputStream.use { it.write(body) }
    }

    private fun read(stream: InputStream): String {
        val read = ByteArrayOutputStream()
        val buffer = ByteArray(BUFFER_BYTES)
        while (true) {
            val bytes = stream.read(buffer)
            if (bytes < 0) return read.toString("UTF-8")
            read.write(buffer, 0, bytes)
        }
    }

    /** Ends it, wherever it is. */
    fun cancel() {
        val opened =
            synchronized(this) {
                isCanceled = true
                connection
            }
        opened?.disconnect()
    }
}
