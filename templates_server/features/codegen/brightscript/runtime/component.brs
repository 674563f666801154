' The functions that an app calls by callFunc, and what follows when it sets a field.

' Sets what the object gives by name: the fields of this node, `bootstrap` (a snapshot), and `states` for tests.
sub configure(options as dynamic)
    mtDo(m.mtribes, "the options cannot be used", mtConfigure, options)
end sub

' Begins a session, ending the one before it. `options` has userId, userSignature and fields; without a userId it is
' that of a visitor. Gives the number that the field `finished` gets when the start has ended.
function start(options = invalid as dynamic) as integer
    call = mtNewCall(m.mtribes)
    mtDo(m.mtribes, "the session is not started", mtStart, { "options": options, "call": call })
    return call
end function

' Deprecated until 1.0. Use start.
function identify(userId as dynamic, fields = invalid as dynamic) as integer
    mtDeprecated(m.mtribes, "identify")
    return start({ "userId": userId, "fields": fields })
end function

' Deprecated until 1.0. Use start.
function anonymize(fields = invalid as dynamic) as integer
    mtDeprecated(m.mtribes, "anonymize")
    return start({ "fields": fields })
end function

' Says so once in a run of the app, on the console alone: it is for who writes the app.
sub mtDeprecated(s as object, name as string)
    if s.deprecated.DoesExist(name) then return
    s.deprecated[name] = true
    mtPrint(name + " is deprecated until 1.0: call start")
end sub

' Records an event such as `item/clicked`, with metadata by key, or up to three pairs; or a modelled event.
sub track(name as dynamic, metadata = invalid as dynamic)
    mtDo(m.mtribes, "an event is not recorded", mtTrack, { "name": name, "metadata": metadata, "place": invalid })
end sub

' The same of an entity, for its node.
sub trackOf(event as object)
    mtDo(m.mtribes, "an event is not recorded", mtTrack, event)
end sub

' Sends the recorded events now instead of in a second.
function flush() as integer
    call = mtNewCall(m.mtribes)
    mtDo(m.mtribes, "events are not sent", mtFlushNow, call)
    return call
end function

' Ends the session and sends the recorded events; fallbacks are served from here on.
function endSession() as integer
    call = mtNewCall(m.mtribes)
    mtDo(m.mtribes, "the session is not ended", mtEnd, call)
    return call
end function

' Sends the recorded events and lets go of timers, requests and the Task. What is shown stays.
function close() as integer
    call = mtNewCall(m.mtribes)
    mtDo(m.mtribes, "the space is not closed", mtClose, call)
    return call
end function

' What is shown now, for `bootstrap` of another node; invalid before anything was served.
function snapshot() as dynamic
    return mtDo(m.mtribes, "there is no snapshot", mtSnapshot)
end function

' The network is back: what waits for it is tried at once.
sub networkIsBack()
    mtDo(m.mtribes, "an error of its own", mtNetworkIsBack)
end sub

' Has a function of a node called after the status, failure or revision has changed; gives the listener's number.
function onChange(node as dynamic, func as dynamic) as dynamic
    return listenTo({ "entity": invalid, "node": node, "func": func })
end function

' Ends what onChange began.
sub stopListening(number as dynamic)
    stopListeningTo({ "entity": invalid, "number": number })
end sub

' The same of an entity, for its node.
function listenTo(listener as object) as dynamic
    listener["to"] = mtListenersOf(m.mtribes, listener["entity"])
    return mtDo(m.mtribes, "a listener of " + listener["to"].name + " is refused", mtListen, listener)
end function

sub stopListeningTo(listener as object)
    listener["to"] = mtListenersOf(m.mtribes, listener["entity"])
    mtDo(m.mtribes, "a listener of " + listener["to"].name + " stays", mtStopListening, listener)
end sub

' What an entity shows, for its node.
function readEntity(entity as dynamic) as dynamic
    return mtDo(m.mtribes, "nothing is read", mtRead, entity)
end function

sub mtOnApiKey()
    mtDo(m.mtribes, "apiKey cannot be used", mtApiKeyChanged)
end sub

sub mtOnHost()
    mtDo(m.mtribes, "host cannot be used", mtHostChanged)
end sub

sub mtOnWaitTime()
    mtDo(m.mtribes, "waitTimeMsec cannot be used", mtWaitTimeChanged)
end sub

sub mtOnSessionLock()
    mtDo(m.mtribes, "sessionLock cannot be used", mtLockChanged)
end sub

sub mtOnTracking()
    mtDo(m.mtribes, "tracking cannot be used", mtTrackingChanged)
end sub

sub mtOnIsActive()
    mtDo(m.mtribes, "isActive cannot be used", mtActivityChanged)
end sub
