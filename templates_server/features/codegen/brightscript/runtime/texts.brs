' Texts: what can be sent, what can be seen, and JSON. FormatJson is not used for texts, since it escapes differently
' from one version of the system to another, and what is stored must be found again.

' Whether the text matches; each pattern is made once.
function mtMatches(pattern as string, text as string) as boolean
    if m.mtPatterns = invalid then
        m.mtPatterns = {}
        m.mtPatterns.SetModeCaseSensitive()
    end if
    if not m.mtPatterns.DoesExist(pattern) then m.mtPatterns[pattern] = CreateObject("roRegex", pattern, "")
    return m.mtPatterns[pattern].IsMatch(text)
end function

function mtIsPrintable(text as string) as boolean
    return mtMatches("^[\x20-\x7e]*$", text)
end function

' The code points of a text, one by one; halves of surrogate pairs, where a system has them, count as one each.
function mtCodes(text as string) as object
    codes = []
    for at = 1 to Len(text)
        codes.Push(Asc(Mid(text, at, 1)))
    end for
    return codes
end function

' The text with a mark in the place of every code that is not kept.
function mtReplaced(text as string, isKept as function) as string
    if mtIsPrintable(text) then return text
    codes = mtCodes(text)
    parts = []
    for at = 0 to codes.Count() - 1
        if isKept(codes, at) then parts.Push(Mid(text, at + 1, 1)) else parts.Push(Chr(&hfffd))
    end for
    return parts.Join("")
end function

' The text as it can be sent and stored: without NUL and halves of surrogate pairs, which no server stores.
function mtStorable(text as string) as string
    if mtIsPrintable(text) then return text
    if mtMatches("\x00", text) then text = mtReplaced(text, mtIsNoNul)
    ' In UTF-8 there are no halves.
    bytes = CreateObject("roByteArray")
    bytes.FromAsciiString(text)
    return bytes.ToAsciiString()
end function

function mtIsNoNul(codes as object, at as integer) as boolean
    return codes[at] <> 0
end function

' Whether a half of a surrogate pair stands there without its other half.
function mtIsHalf(codes as object, at as integer) as boolean
    code = codes[at]
    if code < &hd800 or code > &hdfff then return false
    if code < &hdc00 then
        if at + 1 >= codes.Count() then return true
        return codes[at + 1] < &hdc00 or codes[at + 1] > &hdfff
    end if
    if at = 0 then return true
    return codes[at - 1] < &hd800 or codes[at - 1] > &hdbff
end function

' Without what nobody sees, would be a line of its own in a log, or is an order to a terminal.
function mtVisible(text as string) as string
    return mtReplaced(text, mtIsSeen)
end function

function mtIsSeen(codes as object, at as integer) as boolean
    code = codes[at]
    if mtIsControl(code) or mtIsIn(code, &he000, &hf8ff) then return false
    if code = &h2028 or code = &h2029 or code >= &hf0000 then return false
    if mtIsIn(code, &hd800, &hdfff) then return not mtIsHalf(codes, at)
    return not mtIsFormat(code)
end function

' Characters that only tell how others are shown.
function mtIsFormat(code as integer) as boolean
    if code < &had then return false
    if code = &had or code = &h61c or code = &h6dd or code = &h70f or code = &h180e or code = &hfeff then return true
    if mtIsIn(code, &h600, &h605) or mtIsIn(code, &h200b, &h200f) then return true
    return mtIsIn(code, &h202a, &h202e) or mtIsIn(code, &h2060, &h206f) or mtIsIn(code, &hfff9, &hfffb)
end function

' Spaces of all kinds.
function mtIsSpace(code as integer) as boolean
    if code = &h20 or code = &ha0 or code = &h1680 or code = &h3000 then return true
    if code >= &h2000 and code <= &h200a then return true
    return code = &h2028 or code = &h2029 or code = &h202f or code = &h205f
end function

function mtIsIn(code as integer, first as integer, last as integer) as boolean
    return code >= first and code <= last
end function

function mtIsControl(code as integer) as boolean
    return code < &h20 or mtIsIn(code, &h7f, &h9f)
end function

' How many bytes a text has in UTF-8.
function mtBytes(text as string) as integer
    bytes = CreateObject("roByteArray")
    bytes.FromAsciiString(text)
    return bytes.Count()
end function

' A text as JSON.
function mtQuoted(text as string) as string
    quote = Chr(34)
    escaped = text.Replace("\", "\\").Replace(quote, "\" + quote)
    if not mtIsPrintable(escaped) then escaped = mtControlsEscaped(escaped)
    return quote + escaped + quote
end function

function mtControlsEscaped(text as string) as string
    short = { "8": "\b", "9": "\t", "10": "\n", "12": "\f", "13": "\r" }
    for code = 1 to 31
        if Instr(1, text, Chr(code)) > 0 then
            escape = "\u" + Right("000" + LCase(StrI(code, 16)).Trim(), 4)
            if short.DoesExist(code.ToStr()) then escape = short[code.ToStr()]
            text = text.Replace(Chr(code), escape)
        end if
    end for
    return text
end function

' A value as JSON, the keys of objects in order; an error for what JSON has no form for.
function mtJson(value as dynamic, depth = 0 as integer) as string
    if depth > mtLimits().mostDepth then throw "too deep"
    kind = mtKind(value)
    if kind = "nothing" then return "null"
    if kind = "text" then return mtQuoted(value)
    if kind = "number" then return mtNumberText(value)
    if kind = "toggle" and value then return "true"
    if kind = "toggle" then return "false"
    parts = []
    if kind = "list" then
        for each item in value
            parts.Push(mtJson(item, depth + 1))
        end for
        return "[" + parts.Join(",") + "]"
    end if
    if kind <> "object" then throw "not a value of JSON"
    for each key in mtKeys(value)
        parts.Push(mtQuoted(key) + ":" + mtJson(value[key], depth + 1))
    end for
    return "{" + parts.Join(",") + "}"
end function

' The value of a text of JSON; invalid where it is none.
function mtParsed(text as string) as dynamic
    if text.Trim() = "" then return invalid
    return ParseJson(text)
end function

' How a value is called in a message.
function mtDescribed(value as dynamic) as string
    if mtKind(value) = "text" then return mtQuoted(Left(value, mtLimits().longestKey))
    return Type(value)
end function

' A random UUID, version 4.
function mtNewId() as string
    if m.mtDevice = invalid then m.mtDevice = CreateObject("roDeviceInfo")
    return m.mtDevice.GetRandomUUID()
end function

function mtHas(texts as object, text as string) as boolean
    for each each_ in texts
        if each_ = text then return true
    end for
    return false
end function

function mtSome(list as object, most as integer) as object
    some = []
    for each item in list
        if some.Count() = most then exit for
        some.Push(item)
    end for
    return some
end function
