' Reads what the server sends, property by property: a value that cannot be used gives the model's default.

' What a value is: nothing, text, number, toggle, list, object, or other.
function mtKind(value as dynamic) as string
    name = LCase(Type(value))
    if name = "string" or name = "rostring" then return "text"
    if name = "boolean" or name = "roboolean" then return "toggle"
    if name = "roassociativearray" then return "object"
    if name = "roarray" or name = "rolist" then return "list"
    if name = "invalid" or name = "roinvalid" or name = "<uninitialized>" then return "nothing"
    if Left(name, 2) = "ro" then name = Mid(name, 3)
    if name = "integer" or name = "float" or name = "double" or name = "longinteger" or name = "int" then return "number"
    return "other"
end function

function mtIsNode(value as dynamic) as boolean
    name = LCase(Type(value))
    return name = "rosgnode" or name = "node"
end function

function mtObject(value as dynamic) as object
    if mtKind(value) <> "object" then throw "not an object"
    return value
end function

function mtText(value as dynamic) as string
    if mtKind(value) <> "text" then throw "not a text"
    return value
end function

' The member of an object; invalid where it has none of that name, or is no object.
function mtMember(value as dynamic, name as string) as dynamic
    if not mtHasMember(value, name) then return invalid
    return value[name]
end function

' Whether it is an object with a member of that name. Its own methods are not asked: a member may stand in for one.
function mtHasMember(value as dynamic, name as string) as boolean
    if mtKind(value) <> "object" then return false
    for each key in value
        if key = name then return true
    end for
    return false
end function

' The keys of an object, in order.
function mtKeys(value as object) as object
    keys = []
    for each key in value
        keys.Push(key)
    end for
    keys.Sort()
    return keys
end function

' The members of an object by keys that no method is called by.
function mtMembers(value as object) as object
    members = mtExact()
    for each key in value
        members["=" + key] = value[key]
    end for
    return members
end function

' Sets the members of one object in another.
sub mtMerge(into as object, from as object)
    for each key in from
        into[key] = from[key]
    end for
end sub

' Such as `homepage.body[1].layout: "tall"`.
function mtUnknownEntry(place as string, value as dynamic, isThere as boolean) as string
    text = "missing"
    if isThere then
        try
            if mtHasMember(value, "opacity") then text = mtColorText(value) else text = mtJson(value)
        catch e
            text = mtQuoted(e.message)
        end try
    end if
    return mtVisible(Left(place + ": " + text, mtLimits().longestUnknown))
end function

' A colour as the server writes it, the value first: objects have no order of their own here.
function mtColorText(color as object) as string
    rest = mtExact()
    text = "{"
    for each key in color
        if key <> "value" then rest[key] = color[key]
    end for
    if mtHasMember(color, "value") then text = text + mtQuoted("value") + ":" + mtJson(color["value"]) + ","
    return text + Mid(mtJson(rest), 2)
end function

' Takes note of what cannot be used: where it stands, and what it is. `notes` is invalid where nobody wants to know.
sub mtNote(notes as dynamic, place as string, value as dynamic, isThere = true as boolean)
    if notes = invalid then return
    if notes.isTest and not isThere then return
    if notes.entries.Count() < mtLimits().mostUnknown then notes.entries.Push(mtUnknownEntry(place, value, isThere))
end sub

' A property's value as it is read; invalid where it cannot be used.
function mtValue(rule as object, value as dynamic) as dynamic
    kind = mtKind(value)
    wanted = rule["type"]
    if wanted = "text" or wanted = "image" then
        if kind = "text" then return value
    else if wanted = "number" then
        if kind = "number" and mtIsReal(value) then return value
    else if wanted = "toggle" then
        if kind = "toggle" then return value
    else if wanted = "color" then
        return mtColor(value)
    else if wanted = "date" then
        return mtDate(value)
    else if wanted = "list" then
        return mtTexts(value)
    else if kind = "text" then
        if value = "" or mtHas(rule["options"], value) then return value
    end if
    return invalid
end function

' Whether it is a number that is not endless.
function mtIsReal(value as dynamic) as boolean
    if mtKind(value) <> "number" then return false
    return mtIsFinite(value)
end function

function mtColor(value as dynamic) as dynamic
    if mtKind(value) <> "object" then return invalid
    color = mtMember(value, "value")
    opacity = mtMember(value, "opacity")
    if opacity = invalid then opacity = 1
    if not mtIsReal(opacity) then return invalid
    if opacity < 0 or opacity > 1 then return invalid
    if mtKind(color) = "nothing" then return { "value": invalid, "opacity": opacity }
    if mtKind(color) <> "text" then return invalid
    if not CreateObject("roRegex", "^#[0-9a-f]{6}$", "i").IsMatch(color) then return invalid
    return { "value": color, "opacity": opacity }
end function

' A text of RFC 3339 in UTC with milliseconds, which roDateTime reads.
function mtDate(value as dynamic) as dynamic
    if mtKind(value) <> "text" then return invalid
    time = mtTimeOf(value)
    if time = invalid then return invalid
    return mtDateText(time)
end function

function mtTexts(value as dynamic) as dynamic
    if mtKind(value) <> "list" then return invalid
    texts = []
    for each item in value
        if mtKind(item) <> "text" then return invalid
        texts.Push(item)
    end for
    return texts
end function

' The properties by member name; the default for what is not given, and for what cannot be used.
function mtProperties(experience as object, state as object, place as string, notes as dynamic) as object
    given = mtMember(state, "properties")
    if mtKind(given) <> "object" then
        mtNote(notes, place + ".properties", given, mtHasMember(state, "properties"))
        return mtDefaults(experience)
    end if
    given = mtMembers(given)
    properties = {}
    for each rule in experience["rules"]
        value = invalid
        isThere = given.DoesExist("=" + rule["key"])
        if isThere then value = given["=" + rule["key"]]
        read = mtValue(rule, value)
        if read = invalid then
            if not isThere or mtKind(value) <> "nothing" then mtNote(notes, place + "." + rule["key"], value, isThere)
            read = rule["default"]
        end if
        properties[rule["member"]] = read
    end for
    return properties
end function

function mtDefaults(experience as object) as object
    defaults = {}
    for each rule in experience["rules"]
        defaults[rule["member"]] = rule["default"]
    end for
    return defaults
end function

function mtEnabled(state as object, otherwise as boolean, place as string, notes as dynamic) as boolean
    value = mtMember(state, "enabled")
    if mtKind(value) = "toggle" then return value
    mtNote(notes, place + ".enabled", value, mtHasMember(state, "enabled"))
    return otherwise
end function
