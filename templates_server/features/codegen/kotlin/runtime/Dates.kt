package mtribes.runtime

import java.text.ParsePosition
import java.text.SimpleDateFormat
import java.util.Date
import java.util.Locale

private const val DAY_MSEC = 86_400_000L
private const val DAYS_OF_400_YEARS = 146_097L
private const val DAYS_TO_1970 = 719_468L
private const val HTTP_DATE = "EEE, dd MMM yyyy HH:mm:ss zzz"
private val RFC_3339 =
    Regex("(\\d{4})-(\\d\\d)-(\\d\\d)[Tt](\\d\\d):(\\d\\d)(?::(\\d\\d)(?:\\.(\\d{1,9}))?)?([Zz]|[+-]\\d\\d:\\d\\d)?")

/** A time as RFC 3339 writes it, in UTC with milliseconds. */
internal fun dateText(time: Long): String {
    val days = time.floorDiv(DAY_MSEC)
    val rest = time - days * DAY_MSEC
    val (year, month, day) = dateOf(days)
    val date = "${pad(year, 4)}-${pad(month)}-${pad(day)}"
    val hours = rest / 3_600_000
    return "${date}T${pad(hours)}:${pad(rest / 60_000 % 60)}:${pad(rest / 1000 % 60)}.${pad(rest % 1000, 3)}Z"
}

private fun pad(
    number: Long,
    digits: Int = 2,
): String = number.toString().padStart(digits, '0')

/** The time that a text of RFC 3339 says; [Nonsense] for what is none. */
internal fun parseDate(text: String): Date {
    val parts = RFC_3339.matchEntire(text)?.groupValues ?: throw Nonsense("not a date")
    val (year, month, day, hour, minute) = parts.subList(1, 6).map { it.toLong() }
    val second = parts[6].ifEmpty { "0" }.toLong()
    val fraction = parts[7].padEnd(3, '0').substring(0, 3).toLong()
    ensure(month in 1..12 && day in 1..daysOf(year, month), "not a date")
    ensure(hour < 24 && minute < 60 && second < 60, "not a date")
    val minutes = hour * 60 + minute - offsetMinutes(parts[8])
    return Date(daysTo(year, month, day) * DAY_MSEC + minutes * 60_000 + second * 1000 + fraction)
}

private fun offsetMinutes(zone: String): Long {
    if (zone.length < 2) return 0
    val minutes = zone.substring(1, 3).toLong() * 60 + zone.substring(4).toLong()
    return if (zone[0] == '-') -minutes else minutes
}

private fun daysOf(
    year: Long,
    month: Long,
): Long =
    when (month) {
        2L -> if (year % 4 == 0L && (year % 100 != 0L || year % 400 == 0L)) 29 else 28
        4L, 6L, 9L, 11L -> 30
        else -> 31
    }

/** Days since 1970; years begin in March, so that the day that not every year has is the last. */
private fun daysTo(
    year: Long,
    month: Long,
    day: Long,
): Long {
    val ofMarch = if (month > 2) year else year - 1
    val era = ofMarch.floorDiv(400L)
    val yearOfEra = ofMarch - era * 400
    val dayOfYear = (153 * (month + (if (month > 2) -3 else 9)) + 2) / 5 + day - 1
    val dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * DAYS_OF_400_YEARS + dayOfEra - DAYS_TO_1970
}

private fun dateOf(daysSince1970: Long): Triple<Long, Long, Long> {
    val days = daysSince1970 + DAYS_TO_1970
    val era = days.floorDiv(DAYS_OF_400_YEARS)
    val dayOfEra = days - era * DAYS_OF_400_YEARS
    val yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    val dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    val month = (5 * dayOfYear + 2) / 153
    val day = dayOfYear - (153 * month + 2) / 5 + 1
    val isLate = month >= 10
    return Triple(yearOfEra + era * 400 + (if (isLate) 1 else 0), if (isLate) month - 9 else month + 3, day)
}

/** The time that a date of HTTP says; null for what is none. */
internal fun parseHttpDate(text: String): Date? = SimpleDateFormat(HTTP_DATE, Locale.US).parse(text, ParsePosition(0))
