' Checks what an app gives. Each function throws what is wrong.

' The text of a scalar.
function mtScalarText(value as dynamic) as string
    kind = mtKind(value)
    if kind = "number" then return mtNumberText(value)
    if kind = "toggle" and value then return "true"
    if kind = "toggle" then return "false"
    return mtStorable(mtText(value))
end function

function mtOfLength(text as string, most as integer) as string
    if Len(text) > most then throw "longer than " + most.ToStr() + " characters"
    return text
end function

' Category and action; some prefixes are reserved.
function mtEventName(name as dynamic) as string
    text = mtOfLength(mtText(name), mtLimits().longestName)
    parts = text.Split("/")
    isGood = parts.Count() = 2
    if isGood then isGood = parts[0] <> "" and parts[1] <> "" and not mtHas(["mtribes", "___UI", "sdk"], parts[0])
    if isGood and not mtIsPrintable(text) then
        for each code in mtCodes(text)
            if mtIsControl(code) then isGood = false
        end for
    end if
    if not isGood then throw "not category/action, or reserved"
    return mtStorable(text)
end function

' What has a value, in order of key: by its own key, or as one of three pairs.
function mtMetadata(metadata as dynamic) as dynamic
    kind = mtKind(metadata)
    if kind = "nothing" then return invalid
    if kind = "text" and metadata = "" then return invalid
    limits = mtLimits()
    read = []
    known = []
    given = mtObject(metadata)
    for each name in mtKeys(given)
        key = name
        value = given[name]
        if CreateObject("roRegex", "^pair[123]$", "i").IsMatch(name) then
            key = mtMember(given[name], "key")
            value = mtMember(given[name], "value")
        end if
        if mtKind(value) <> "nothing" then
            text = mtOfLength(mtScalarText(key), limits.longestKey)
            isGood = text <> "" and read.Count() < 3 and not mtHas(known, text)
            if not isGood then throw "an empty or repeated key, or more than 3"
            known.Push(text)
            read.Push({ "key": text, "value": mtOfLength(mtScalarText(value), limits.longestMetadataValue) })
        end if
    end for
    if read.Count() = 0 then return invalid
    return read
end function

' Who a session is for, and what an app says of them, as the server takes it. Nobody given: a visitor.
function mtPerson(s as object, options as dynamic) as object
    if mtKind(options) = "nothing" then options = {}
    mtObject(options)
    person = { "external_id": invalid, "user_signature": invalid, "fields": invalid }
    userId = mtMember(options, "userId")
    isGiven = mtKind(userId) <> "nothing"
    if mtKind(userId) = "text" and isGiven then isGiven = userId <> ""
    if isGiven then person["external_id"] = mtUserId(userId)
    signature = mtMember(options, "userSignature")
    if mtKind(signature) <> "nothing" then
        signature = mtStorable(mtText(signature))
        if isGiven and signature <> "" then person["user_signature"] = signature
    end if
    person["fields"] = mtFields(s, mtMember(options, "fields"))
    return person
end function

' Not a reserved id, nor what cannot be stored, nor what nobody sees at an edge.
function mtUserId(value as dynamic) as string
    if mtKind(value) = "number" then
        if not mtIsFinite(value) then throw "not a userId"
        if value <> Fix(value) or Abs(value) > 9007199254740991# then throw "not a userId"
        return mtNumberText(value)
    end if
    text = mtText(value)
    codes = mtCodes(text)
    isGood = text <> "." and text <> ".." and codes.Count() > 0
    if isGood then isGood = not mtMatches("^[a-z]{3}_[A-Za-z0-9]{22}$", text)
    count = 0
    for at = 0 to codes.Count() - 1
        if mtIsControl(codes[at]) or mtIsHalf(codes, at) then isGood = false
        if codes[at] < &hdc00 or codes[at] > &hdfff then count = count + 1
    end for
    if isGood then isGood = count <= mtLimits().longestName
    if isGood then isGood = not mtIsEdge(codes[0]) and not mtIsEdge(codes[codes.Count() - 1])
    if not isGood then throw "not a userId"
    return text
end function

function mtIsEdge(code as integer) as boolean
    return mtIsSpace(code) or mtIsFormat(code)
end function

' The fields that can be sent, if any; of the others a log line tells.
function mtFields(s as object, fields as dynamic) as dynamic
    if mtKind(fields) = "nothing" then return invalid
    if mtKind(fields) <> "object" then
        mtLog(s, "all fields are left out", "not an object")
        return invalid
    end if
    read = mtExact()
    count = 0
    for each name in mtKeys(fields)
        try
            value = mtField(fields[name])
            if mtKind(value) <> "nothing" then
                isGood = name <> "" and count < mtLimits().mostFields
                if not isGood then throw "no name, or too many"
                read[mtStorable(mtOfLength(name, mtLimits().longestKey))] = value
                count = count + 1
            end if
        catch e
            mtLog(s, "the field " + mtDescribed(name) + " is left out", e.message)
        end try
    end for
    if count = 0 then return invalid
    return read
end function

function mtField(value as dynamic) as dynamic
    kind = mtKind(value)
    if kind = "nothing" or kind = "toggle" then return value
    if kind = "number" then
        if not mtIsFinite(value) then throw "not a number"
        return value
    end if
    return mtOfLength(mtStorable(mtText(value)), mtLimits().longestFieldValue)
end function
