' The layers of an entity's state, highest first: session lock, latest, the session before, fallback.
' A state is held with its number, by which it is told from others, its text, and what the server sent for it.

function mtHeld(s as object, view as object, wire = invalid as dynamic) as object
    s.count = s.count + 1
    return { "number": s.count, "view": view, "text": mtJson(view), "wire": wire }
end function

function mtLayers(s as object, entity as string, kind as string, types as object) as object
    layers = {
        "entity": entity
        "kind": kind
        "types": types
        "locked": invalid
        "latest": invalid
        "before": invalid
        "unknown": []
        "shown": 0
    }
    nothing = mtNothing(layers)
    view = mtReadEntity(layers, mtMember(s.blueprint["fallbacks"], entity), nothing, invalid)
    if view = invalid then view = nothing
    layers.fallback = mtHeld(s, view)
    layers.initial = layers.fallback
    layers.node = mtEntityNode(s, layers)
    layers.listeners = mtListeners(entity, layers.node, layers.fallback)
    return layers
end function

function mtEntityNode(s as object, layers as object) as object
    node = CreateObject("roSGNode", s.blueprint["prefix"] + "MtribesEntity")
    node.space = s.top
    node.entity = layers.entity
    if layers.kind = "experience" then
        node.kind = layers.types[0]["kind"]
        node.defaults = mtDefaults(layers.types[0])
    end if
    node.fallback = layers.fallback.view
    return node
end function

function mtCurrent(layers as object) as object
    if layers.locked <> invalid then return layers.locked
    if layers.latest <> invalid then return layers.latest
    if layers.before <> invalid then return layers.before
    return layers.fallback
end function

' The state to show. While the session locks, it stays what it was when it was first read.
function mtReadLayers(s as object, layers as object) as object
    held = mtCurrent(layers)
    if mtIsLocking(s) then layers.locked = held
    return held
end function

' Takes a new state; one that is none at all is as good as no answer.
sub mtServe(s as object, layers as object, wire as dynamic)
    notes = { "entries": [], "isTest": s.states <> invalid }
    view = mtReadEntity(layers, wire, layers.fallback.view, notes)
    layers.unknown = notes.entries
    shown = mtCurrent(layers)
    layers.latest = invalid
    if view <> invalid then
        held = mtHeld(s, view)
        if held.text = shown.text then held = shown
        held.wire = wire
        layers.latest = held
    end if
    layers.before = invalid
end sub

' The same person starts again: what is shown stays until there is something newer.
sub mtKeepLayers(layers as object)
    held = mtCurrent(layers)
    layers.before = invalid
    if held.number <> layers.fallback.number then layers.before = held
    layers.locked = invalid
    layers.latest = invalid
end sub

' Nothing is served any more. What was read stays while the session locks.
sub mtDropLayers(layers as object)
    layers.latest = invalid
    layers.before = invalid
    ' Who was served the same may have had more than this code knows.
    layers.fallback.wire = invalid
    layers.unknown = []
end sub

' Writes what is shown to the fields of the node.
sub mtShowLayers(layers as object)
    held = mtCurrent(layers)
    if held.number = layers.shown then return
    layers.shown = held.number
    layers.node.enabled = held.view["enabled"]
    if layers.kind = "experience" then
        layers.node.properties = held.view["properties"]
    else
        layers.node.entries = held.view["entries"]
    end if
end sub
