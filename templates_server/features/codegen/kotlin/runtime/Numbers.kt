package mtribes.runtime

import java.math.BigDecimal
import java.math.MathContext
import java.math.RoundingMode

private const val MOST_DIGITS = 17
private const val LARGEST_WHOLE = 9_007_199_254_740_992.0
private const val MOST_PLAIN_DIGITS = 21
private const val MOST_LEADING_ZEROS = 6

internal fun isFinite(value: Number): Boolean = !value.toDouble().isNaN() && !value.toDouble().isInfinite()

/** A finite number as ECMAScript writes it, such as `0.1`, `1e+21` and `5e-324`. */
internal fun numberText(value: Number): String {
    if (value is Long || value is Int || value is Short || value is Byte) return value.toString()
    val number = value.toDouble()
    if (number == Math.rint(number) && Math.abs(number) < LARGEST_WHOLE) return number.toLong().toString()
    val sign = if (number < 0) "-" else ""
    return sign + positiveText(shortest(Math.abs(number)))
}

/** The decimal of fewest digits that is read as this number. */
private fun shortest(number: Double): BigDecimal {
    val exact = BigDecimal(number)
    for (digits in 1 until MOST_DIGITS) {
        val rounded = exact.round(MathContext(digits, RoundingMode.HALF_EVEN))
        if (rounded.toDouble() == number) return rounded
    }
    return exact.round(MathContext(MOST_DIGITS, RoundingMode.HALF_EVEN))
}

private fun positiveText(decimal: BigDecimal): String {
    val digits = decimal.unscaledValue().toString().trimEnd('0')
    val exponent = decimal.precision() - decimal.scale()
    return when {
        exponent in digits.length..MOST_PLAIN_DIGITS -> digits.padEnd(exponent, '0')
        exponent in 1..MOST_PLAIN_DIGITS -> digits.substring(0, exponent) + "." + digits.substring(exponent)
        exponent in 1 - MOST_LEADING_ZEROS..0 -> "0." + "0".repeat(-exponent) + digits
        else -> scientific(digits, exponent - 1)
    }
}

private fun scientific(
    digits: String,
    exponent: Int,
): String {
    val fraction = if (digits.length > 1) "." + digits.substring(1) else ""
    return "${digits[0]}${fraction}e${if (exponent < 0) "" else "+"}$exponent"
}
