' What an app does with the spaces of a case. Values are those of the protocol: docs/development/conformance.md.

sub init()
    m.spaces = {}
    m.listeners = {}
    m.begun = {}
    m.ended = {}
    m.calls = []
end sub

sub createSpace(command as object)
    space = CreateObject("roSGNode", "VodMtribes")
    space.observeFieldScoped("finished", "onFinished")
    space.id = command["space"]
    m.spaces[command["space"]] = space
    options = command["options"]
    if command["logger"] <> "platform" then
        options["logger"] = CreateObject("roSGNode", "ConformanceLogger")
        options["logger"].isThrowing = command["logger"] = "throws"
    end if
    space.callFunc("configure", options)
end sub

' As apps do; what the field would not take is given by `configure`, which tells.
sub setOption(command as object)
    space = m.spaces[command["space"]]
    if Type(space[command["name"]]) = Type(command["value"]) then
        space[command["name"]] = command["value"]
    else
        options = {}
        options.SetModeCaseSensitive()
        options[command["name"]] = command["value"]
        space.callFunc("configure", options)
    end if
end sub

sub callSpace(command as object)
    space = m.spaces[command["space"]]
    name = command["do"]
    if name = "start" then begun(space, name, space.callFunc("start", command["options"]))
    if name = "end" then begun(space, name, space.callFunc("endSession"))
    if name = "flush" then begun(space, name, space.callFunc("flush"))
    if name = "close" then begun(space, name, space.callFunc("close"))
    if name = "identify" then begun(space, name, space.callFunc("identify", command["userId"], command["fields"]))
    if name = "anonymize" then begun(space, name, space.callFunc("anonymize", command["fields"]))
end sub

sub begun(space as object, name as string, number as integer)
    key = space.id + number.ToStr()
    if not m.ended.DoesExist(key) then m.begun[key] = name
end sub

sub onFinished(event as object)
    key = event.getNode() + event.getData().ToStr()
    m.ended[key] = true
    m.begun.Delete(key)
end sub

sub odd(command as object)
    space = m.spaces[command["space"]]
    name = command["calls"]
    value = command["value"]
    if name = "track" then
        space.callFunc("track", value)
    else if name = "onChange" then
        space.collections.homepage.header.callFunc("onChange", value, value)
    else
        begun(space, name, space.callFunc(name, value))
    end if
end sub

sub trackEvent(command as object)
    space = m.spaces[command["space"]]
    name = command["name"]
    metadata = command["metadata"]
    if command["entity"] = "" then
        space.callFunc("track", name, metadata)
    else if command["item"] < 0 then
        entity(command).callFunc("track", name, metadata)
    else
        of = entity(command)
        of.callFunc("trackItem", of.entries[command["item"]], name, metadata)
    end if
end sub

function entity(command as object) as object
    names = command["entity"].Split(".")
    return m.spaces[command["space"]].collections[names[0]][names[1]]
end function

function readEntity(command as object) as object
    of = entity(command)
    return { "read": of.callFunc("read"), "fields": fieldsOf(of), "defaults": of.defaults, "fallback": of.fallback, "initial": of.initial }
end function

function fieldsOf(of as object) as object
    if of.kind = "" then return { "enabled": of.enabled, "entries": of.entries }
    return { "enabled": of.enabled, "properties": of.properties }
end function

function status(command as object) as object
    space = m.spaces[command["space"]]
    return { "status": space.status, "failure": space.failure, "revision": space.revision, "unknown": space.unknown }
end function

function takeSnapshot(command as object) as dynamic
    return m.spaces[command["space"]].callFunc("snapshot")
end function

sub listen(command as object)
    listener = CreateObject("roSGNode", "ConformanceListener")
    listener.driver = m.top
    listener.wishes = command
    of = m.spaces[command["space"]]
    if command["to"] <> "session" then of = entity({ "space": command["space"], "entity": command["to"] })
    m.listeners[command["name"]] = { "of": of, "number": of.callFunc("onChange", listener, "called"), "node": listener }
end sub

sub stopListener(command as object)
    listener = m.listeners[command["name"]]
    listener.of.callFunc("stopListening", listener.number)
end sub

sub addCall(wishes as object)
    space = m.spaces[wishes["space"]]
    now = CreateObject("roDateTime")
    call = { "by": wishes["name"], "at": now.AsSeconds() * 1000# + now.GetMilliseconds(), "status": space.status }
    call["failure"] = invalid
    if space.failure <> "" then call["failure"] = space.failure
    if wishes["reads"] = true then call["entity"] = entity({ "space": wishes["space"], "entity": wishes["to"] }).callFunc("read")
    m.calls.Push(call)
    if wishes["stops"] <> invalid then stopListener({ "name": wishes["stops"] })
    if wishes["starts"] <> invalid then begun(space, "start", space.callFunc("start", wishes["starts"]))
end sub

sub page(command as object)
    event = command["event"]
    for each name in m.spaces
        if event = "online" then
            m.spaces[name].callFunc("networkIsBack")
        else
            m.spaces[name].isActive = event = "show" or event = "return"
        end if
    end for
end sub

function takeCalls(_ as object) as object
    calls = m.calls
    m.calls = []
    pending = []
    for each key in m.begun
        pending.Push(m.begun[key])
    end for
    return { "calls": calls, "pending": pending }
end function
