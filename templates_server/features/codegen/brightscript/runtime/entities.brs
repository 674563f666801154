' What an app sees of an experience or a section, read from what the server sent.

' The state of an entity; invalid for what is none at all.
function mtReadEntity(layers as object, state as dynamic, otherwise as object, notes as dynamic) as dynamic
    if mtKind(state) <> "object" then
        mtNote(notes, layers.entity, state)
        return invalid
    end if
    view = { "enabled": mtEnabled(state, otherwise["enabled"], layers.entity, notes) }
    if layers.kind = "experience" then
        view["properties"] = mtProperties(layers.types[0], state, layers.entity, notes)
    else
        view["entries"] = mtItems(layers, state, otherwise["entries"], notes)
    end if
    return view
end function

' The items of a section; those of a kind that this code was generated without are left out.
function mtItems(layers as object, state as object, otherwise as object, notes as dynamic) as object
    given = mtMember(state, "items")
    if mtKind(given) <> "list" then
        mtNote(notes, layers.entity + ".items", given, mtHasMember(state, "items"))
        return otherwise
    end if
    items = []
    for at = 0 to given.Count() - 1
        item = mtItem(layers.types, given[at], layers.entity + "[" + at.ToStr() + "]", notes)
        if item <> invalid then items.Push(item)
    end for
    return items
end function

' Invalid for an item that cannot be shown.
function mtItem(types as object, item as dynamic, place as string, notes as dynamic) as dynamic
    if mtKind(item) <> "object" then
        mtNote(notes, place, item)
        return invalid
    end if
    experience = mtTypeOf(types, mtMember(item, "experience"))
    id = mtMember(item, "id")
    if experience = invalid then
        mtNote(notes, place + ".experience", mtMember(item, "experience"), mtHasMember(item, "experience"))
        return invalid
    end if
    if mtKind(id) <> "text" then
        mtNote(notes, place + ".id", id, mtHasMember(item, "id"))
        return invalid
    end if
    return {
        "kind": experience["kind"]
        "id": id
        "enabled": mtEnabled(item, false, place, notes)
        "properties": mtProperties(experience, item, place, notes)
        "defaults": mtDefaults(experience)
    }
end function

function mtTypeOf(types as object, kind as dynamic) as dynamic
    if mtKind(kind) <> "text" then return invalid
    for each experience in types
        if experience["kind"] = kind then return experience
    end for
    return invalid
end function

function mtNothing(layers as object) as object
    if layers.kind = "section" then return { "enabled": false, "entries": [] }
    return { "enabled": false, "properties": mtDefaults(layers.types[0]) }
end function
