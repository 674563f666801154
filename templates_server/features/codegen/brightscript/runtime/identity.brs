' The anonymous id: made once and kept; a new person on the device gets a new one.

' Takes what is stored, unless what is in memory could not be stored.
sub mtReadyIdentity(s as object)
    if s.isIdentityUnsaved then return
    stored = mtParseIdentity(mtStored(s, "identity"))
    if stored <> invalid then
        s.identity = stored
    else if s.identity <> invalid then
        mtSaveIdentity(s, s.identity)
    end if
end sub

' Goes on as this person.
sub mtSaveIdentity(s as object, identity as dynamic)
    if identity = invalid then return
    s.identity = identity
    text = mtJson(identity)
    isSaved = mtStore(s, "identity", text)
    if not isSaved then
        ' What is stored of somebody else must go, even where there is no room for more.
        mtUnstore(s, "identity")
        isSaved = mtStore(s, "identity", text)
    end if
    s.isIdentityUnsaved = not isSaved
end sub

' The anonymous id to go on with, now that this person is there; invalid: whoever it is.
function mtIdFor(s as object, person as dynamic) as string
    mtReadyIdentity(s)
    if s.identity = invalid then mtSaveIdentity(s, { "id": mtNewId(), "owner": invalid })
    if person <> invalid then
        owner = s.identity["owner"]
        following = person["external_id"]
        if not mtIsSame(owner, following) then
            id = s.identity["id"]
            if owner <> invalid then id = mtNewId()
            mtSaveIdentity(s, { "id": id, "owner": following })
        end if
    end if
    return s.identity["id"]
end function

function mtIsSame(one as dynamic, other as dynamic) as boolean
    if one = invalid or other = invalid then return one = invalid and other = invalid
    return one = other
end function

' Invalid for what is none.
function mtParseIdentity(text as dynamic) as dynamic
    if text = invalid then return invalid
    parsed = mtParsed(text)
    id = mtMember(parsed, "id")
    owner = mtMember(parsed, "owner")
    if not mtIsAnonymousId(id) then return invalid
    if mtKind(owner) <> "text" and mtKind(owner) <> "nothing" then return invalid
    if not mtHasMember(parsed, "owner") then return invalid
    return { "id": id, "owner": owner }
end function

function mtIsAnonymousId(id as dynamic) as boolean
    if mtKind(id) <> "text" then return false
    return mtMatches("^[0-9a-f-]{36}$", id)
end function
