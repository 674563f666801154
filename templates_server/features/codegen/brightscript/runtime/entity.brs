' The node of an experience or a section in a collection.

' What it shows; while the session locks, that stays from the first read on.
function read() as dynamic
    return m.top.space.callFunc("readEntity", m.top.entity)
end function

' Records an event such as `movie/watched` of it, with metadata by key, or up to three pairs; or a modelled event.
sub track(name as dynamic, metadata = invalid as dynamic)
    place = { "entity": m.top.entity }
    m.top.space.callFunc("trackOf", { "name": name, "metadata": metadata, "place": place })
end sub

' Records an event of an item of its list.
sub trackItem(item as dynamic, name as dynamic, metadata = invalid as dynamic)
    place = { "entity": m.top.entity, "data": { "item": item["id"], "experience": item["kind"] } }
    m.top.space.callFunc("trackOf", { "name": name, "metadata": metadata, "place": place })
end sub

' Has a function of a node called after a change; gives the listener's number.
function onChange(node as dynamic, func as dynamic) as dynamic
    return m.top.space.callFunc("listenTo", { "entity": m.top.entity, "node": node, "func": func })
end function

' Ends what onChange began.
sub stopListening(number as dynamic)
    m.top.space.callFunc("stopListeningTo", { "entity": m.top.entity, "number": number })
end sub
