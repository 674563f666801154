' Numbers, times and dates.

function mtIsFinite(number as dynamic) as boolean
    return number - number = 0
end function

' A number as ECMAScript writes it, whatever form the system gives it: 1e21 is `1e+21`, 5.0 is `5`.
function mtNumberText(number as dynamic) as string
    if not mtIsFinite(number) then throw "not a number"
    if number = 0 then return "0"
    parts = mtDigits(number)
    digits = parts.digits
    point = parts.point
    count = Len(digits)
    if point > 21 or point < -5 then
        exponent = point - 1
        mark = "+"
        if exponent < 0 then mark = "-"
        text = Left(digits, 1)
        if count > 1 then text = text + "." + Mid(digits, 2)
        text = text + "e" + mark + Abs(exponent).ToStr()
    else if point <= 0 then
        text = "0." + string(-point, "0") + digits
    else if count <= point then
        text = digits + string(point - count, "0")
    else
        text = Left(digits, point) + "." + Mid(digits, point + 1)
    end if
    if number < 0 then return "-" + text
    return text
end function

' The digits of a number without zeros at its ends, and how many of them stand before the point.
function mtDigits(number as dynamic) as object
    text = LCase(FormatJson(number)).Replace("-", "~").Replace("+", "")
    if Left(text, 1) = "~" then text = Mid(text, 2)
    exponent = 0
    at = Instr(1, text, "e")
    if at > 0 then
        exponent = Mid(text, at + 1).Replace("~", "-").ToInt()
        text = Left(text, at - 1)
    end if
    point = Instr(1, text, ".")
    whole = text
    if point > 0 then whole = Left(text, point - 1)
    digits = text.Replace(".", "")
    position = Len(whole) + exponent
    while Left(digits, 1) = "0"
        digits = Mid(digits, 2)
        position = position - 1
    end while
    while Right(digits, 1) = "0"
        digits = Left(digits, Len(digits) - 1)
    end while
    return { "digits": digits, "point": position }
end function

' The time, in milliseconds since 1970.
function mtNow() as double
    now = CreateObject("roDateTime")
    return now.AsSeconds() * 1000# + now.GetMilliseconds()
end function

function mtLarger(one as dynamic, other as dynamic) as dynamic
    if one > other then return one
    return other
end function

function mtSmaller(one as dynamic, other as dynamic) as dynamic
    if one < other then return one
    return other
end function

' Days from 1970 to a date of the Gregorian calendar.
function mtDaysOf(year as integer, month as integer, day as integer) as integer
    if month <= 2 then year = year - 1
    era = Int(year / 400)
    ofEra = year - era * 400
    shifted = (month + 9) mod 12
    ofYear = Int((153 * shifted + 2) / 5) + day - 1
    return era * 146097 + ofEra * 365 + Int(ofEra / 4) - Int(ofEra / 100) + ofYear - 719468
end function

' A time as RFC 3339 has it, in UTC with milliseconds.
function mtDateText(milliseconds as double) as string
    days = Int(milliseconds / 86400000#)
    rest = Int(milliseconds - days * 86400000#)
    shifted = days + 719468
    era = Int(shifted / 146097)
    ofEra = shifted - era * 146097
    yearOfEra = Int((ofEra - Int(ofEra / 1460) + Int(ofEra / 36524) - Int(ofEra / 146096)) / 365)
    ofYear = ofEra - (365 * yearOfEra + Int(yearOfEra / 4) - Int(yearOfEra / 100))
    part = Int((5 * ofYear + 2) / 153)
    day = ofYear - Int((153 * part + 2) / 5) + 1
    month = (part + 2) mod 12 + 1
    year = yearOfEra + era * 400
    if month <= 2 then year = year + 1
    date = mtPadded(year, 4) + "-" + mtPadded(month, 2) + "-" + mtPadded(day, 2)
    time = mtPadded(Int(rest / 3600000), 2) + ":" + mtPadded(Int(rest / 60000) mod 60, 2)
    return date + "T" + time + ":" + mtPadded(Int(rest / 1000) mod 60, 2) + "." + mtPadded(rest mod 1000, 3) + "Z"
end function

function mtPadded(number as integer, length as integer) as string
    return Right("0000" + number.ToStr(), length)
end function

' The time that a text of RFC 3339 names, in milliseconds since 1970; invalid where it names none.
function mtTimeOf(text as string) as dynamic
    pattern = "^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?$"
    found = CreateObject("roRegex", pattern, "").Match(text)
    if found.Count() = 0 then return invalid
    while found.Count() < 9
        found.Push("")
    end while
    year = found[1].ToInt()
    month = found[2].ToInt()
    day = found[3].ToInt()
    hour = found[4].ToInt()
    minute = found[5].ToInt()
    second = found[6].ToInt()
    if month < 1 or month > 12 or hour > 23 or minute > 59 or second > 59 then return invalid
    if day < 1 or day > mtDaysOfMonth(year, month) then return invalid
    minutes = hour * 60 + minute - mtOffsetMinutes(found[8])
    thousandths = Left(found[7] + "000", 3).ToInt()
    return mtDaysOf(year, month, day) * 86400000# + minutes * 60000# + second * 1000 + thousandths
end function

function mtDaysOfMonth(year as integer, month as integer) as integer
    if month = 12 then return 31
    return mtDaysOf(year, month + 1, 1) - mtDaysOf(year, month, 1)
end function

function mtOffsetMinutes(zone as string) as integer
    if Len(zone) <> 6 then return 0
    minutes = Mid(zone, 2, 2).ToInt() * 60 + Mid(zone, 5, 2).ToInt()
    if Left(zone, 1) = "-" then return -minutes
    return minutes
end function

' Seconds or a date, as HTTP has it; 0 where nothing usable is said.
function mtRetryAfterMsec(text as string) as double
    wait_ = 0#
    if mtMatches("^\s*\d+(\.\d+)?\s*$", text) then
        wait_ = mtSmaller(text.Trim().ToFloat(), 1000000) * 1000#
    else
        time = mtTimeOfHttp(text)
        if time <> invalid then wait_ = time - mtNow()
    end if
    return mtLarger(0#, mtSmaller(wait_, mtLimits().longestRetryAfterMsec * 1#))
end function

' Such as `Wed, 21 Oct 2026 07:28:00 GMT`.
function mtTimeOfHttp(text as string) as dynamic
    pattern = "(\d\d?) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (\d{4}) (\d\d:\d\d:\d\d) (?:GMT|UTC)"
    found = CreateObject("roRegex", pattern, "").Match(text)
    if found.Count() < 5 then return invalid
    month = Int((Instr(1, "JanFebMarAprMayJunJulAugSepOctNovDec", found[2]) + 2) / 3)
    return mtTimeOf(found[3] + "-" + mtPadded(month, 2) + "-" + Right("0" + found[1], 2) + "T" + found[4] + "Z")
end function
