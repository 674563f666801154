package mtribes.runtime

import java.util.UUID
import java.util.concurrent.Executor

/** Android, or any other machine of Java. */
internal class JvmPlatform : Platform {
    private val threads = Threads()
    private val timers = Timers(threads)
    override val hasOnePerson = System.getProperty("java.vm.name") == "Dalvik"
    override val name = if (hasOnePerson) "android" else "server"

    override fun now(): Long = System.currentTimeMillis()

    override fun random(): Double = Math.random()

    override fun newId(): String = UUID.randomUUID().toString()

    override fun queue(): Executor = SerialQueue(threads)

    override fun schedule(
        milliseconds: Long,
        task: () -> Unit,
    ): Cancel = timers.schedule(milliseconds, task)

    override fun send(
        request: Request,
        done: (Reply) -> Unit,
    ): Cancel {
        val exchange = Exchange(request)
        threads.execute { done(exchange.run()) }
        return {
            // To close a connection may take its time.
            threads.execute(exchange::cancel)
        }
    }

    override fun report(
        message: String,
        cause: Throwable?,
    ) {
        System.err.println("mtribes: $message" + if (cause == null) "" else ": $cause")
    }

    override fun open(): Cancel = threads.open()

    override fun isOwnThread(): Boolean = Thread.currentThread() is RuntimeThread
}
