package mtribes.runtime

import java.util.ArrayDeque
import java.util.PriorityQueue
import java.util.concurrent.Executor
import java.util.concurrent.SynchronousQueue
import java.util.concurrent.ThreadPoolExecutor
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicInteger
import java.util.concurrent.locks.ReentrantLock
import kotlin.concurrent.withLock

/** A thread of the runtime, which keeps no program running. */
internal class RuntimeThread(
    task: Runnable,
    name: String,
) : Thread(task, name) {
    init {
        isDaemon = true
    }
}

/** The threads that all Spaces share: there are none while no Space is open. */
internal class Threads : Executor {
    private val numbers = AtomicInteger()
    private val pool =
        ThreadPoolExecutor(0, Int.MAX_VALUE, 1, TimeUnit.NANOSECONDS, SynchronousQueue()) { task ->
            RuntimeThread(task, "mtribes-${numbers.incrementAndGet()}")
        }
    private var openSpaces = 0

    override fun execute(task: Runnable): Unit = pool.execute(task)

    /** Keeps threads for a while when they have nothing to do, until what is returned was called. */
    fun open(): Cancel {
        var isOpen = true
        change(1)
        return {
            if (isOpen) change(-1)
            isOpen = false
        }
    }

    @Synchronized
    private fun change(by: Int) {
        openSpaces += by
        if (openSpaces > 0) {
            pool.setKeepAliveTime(IDLE_THREAD_MSEC, TimeUnit.MILLISECONDS)
        } else {
            pool.setKeepAliveTime(1, TimeUnit.NANOSECONDS)
        }
    }
}

/** Runs tasks one after the other. */
internal class SerialQueue(
    private val threads: Executor,
) : Executor {
    private val tasks = ArrayDeque<Runnable>()
    private var isRunning = false

    override fun execute(task: Runnable) {
        synchronized(tasks) {
            tasks.add(task)
            if (isRunning) return
            isRunning = true
        }
        threads.execute(::runAll)
    }

    private fun runAll() {
        while (true) {
            val task = next() ?: return
            var hasEnded = false
            try {
                task.run()
                hasEnded = true
            } finally {
                // What is thrown ends this thread, and another goes on.
                if (!hasEnded) threads.execute(::runAll)
            }
        }
    }

    private fun next(): Runnable? =
        synchronized(tasks) {
            val task = tasks.poll()
            isRunning = task != null
            task
        }
}

/** Timers, all on one thread that is there while there is any. */
internal class Timers(
    private val threads: Executor,
) {
    private class Timer(
        val due: Long,
        val number: Long,
        val task: Runnable,
    ) : Comparable<Timer> {
        override fun compareTo(other: Timer): Int {
            val later = due - other.due
            return if (later == 0L) number.compareTo(other.number) else later.compareTo(0L)
        }
    }

    private val lock = ReentrantLock()
    private val isOther = lock.newCondition()
    private val waiting = PriorityQueue<Timer>()
    private var numbers = 0L
    private var thread: Thread? = null

    fun schedule(
        milliseconds: Long,
        task: () -> Unit,
    ): Cancel =
        lock.withLock {
            val due = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(maxOf(milliseconds, 0))
            val timer = Timer(due, numbers++, task)
            waiting.add(timer)
            if (thread == null) thread = RuntimeThread(::run, "mtribes-timers").also { it.start() }
            isOther.signalAll()
            return { remove(timer) }
        }

    private fun remove(timer: Timer) {
        lock.withLock {
            if (waiting.remove(timer)) isOther.signalAll()
        }
    }

    private fun run() {
        while (true) threads.execute(lock.withLock(::next) ?: return)
    }

    /** Waits for the next; null when there is none any more. */
    private fun next(): Runnable? {
        while (true) {
            val first = waiting.peek()
            if (first == null) {
                thread = null
                return null
            }
            val nanoseconds = first.due - System.nanoTime()
            if (nanoseconds <= 0) return waiting.poll()?.task
            isOther.awaitNanos(nanoseconds)
        }
    }
}
