' Where texts are kept between runs of the app: a section of the registry, or the app's own node with the functions
' getItem(key), setItem(key, text) and removeItem(key). Never throws.

function mtStoreKey(s as object, name as string) as string
    return "mtribes." + s.blueprint["key"] + "." + name
end function

' A text that is kept; invalid where there is none.
function mtStored(s as object, name as string) as dynamic
    if s.top.tracking and name = "identity" then s.isStorageUsed = true
    text = invalid
    try
        if s.top.storage <> invalid then
            text = s.top.storage.callFunc("getItem", mtStoreKey(s, name))
        else if mtRegistry(s) <> invalid then
            text = s.registry.Read(mtStoreKey(s, name))
        end if
    catch e
        text = invalid
    end try
    if mtKind(text) <> "text" then return invalid
    if text = "" then return invalid
    return text
end function

' Keeps a text; false where it cannot be kept: storage is full or fails, or nothing may be tracked.
function mtStore(s as object, name as string, text as string) as boolean
    if not s.top.tracking then return false
    s.isStorageUsed = true
    try
        if s.top.storage <> invalid then return mtIsDone(s.top.storage.callFunc("setItem", mtStoreKey(s, name), text))
        if mtRegistry(s) = invalid then return true
        s.isUnflushed = true
        return s.registry.Write(mtStoreKey(s, name), text)
    catch e
        return false
    end try
end function

function mtIsDone(answer as dynamic) as boolean
    if mtKind(answer) = "toggle" then return answer
    return true
end function

sub mtUnstore(s as object, name as string)
    if mtStored(s, name) = invalid then return
    try
        if s.top.storage <> invalid then
            s.top.storage.callFunc("removeItem", mtStoreKey(s, name))
        else if mtRegistry(s) <> invalid then
            s.isUnflushed = true
            s.registry.Delete(mtStoreKey(s, name))
        end if
    catch e
        mtLogOnce(s, "storage removes nothing")
    end try
end sub

' Consent is withdrawn: where a session or an event came before, what is stored goes.
sub mtClearStorage(s as object)
    if not s.isStorageUsed then return
    mtUnstore(s, "identity")
    mtUnstore(s, "unknown")
    for place = 0 to mtLimits().eventPlaces - 1
        mtUnstore(s, mtPlaceName(place))
    end for
end sub

function mtRegistry(s as object) as dynamic
    if s.registry = invalid then s.registry = CreateObject("roRegistrySection", "mtribes")
    return s.registry
end function

sub mtFlushStorage(s as object)
    s.isUnflushed = false
    try
        if s.registry <> invalid then s.registry.Flush()
    catch e
        ' Once more after the next turn.
        s.isUnflushed = true
    end try
end sub
