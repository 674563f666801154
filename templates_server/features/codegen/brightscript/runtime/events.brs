' Collects events and sends them in batches until the server has them; the oldest go when there are too many.

' An event that waits, as it will be sent, with the record that it is kept in; "": it waits for a key.
function mtWaiting(s as object, text as string) as object
    s.count = s.count + 1
    event = { "id": s.count, "text": text, "bytes": mtBytes(text), "record": "" }
    event.isLeaving = false
    event.isDropped = false
    return event
end function

sub mtAddEvent(s as object, event as object)
    if not s.top.tracking then return
    waiting = mtWaiting(s, mtJson(event))
    if waiting.bytes > mtLimits().mostEventBytes then throw "more than " + mtLimits().mostEventBytes.ToStr() + " bytes"
    s.events.waiting.Push(waiting)
    destination = mtDestination(s)
    if destination <> "" then mtKeepEvent(s, waiting, destination)
    mtCollect(s)
end sub

' Events that were recorded before there was a key are for the first.
sub mtClaim(s as object)
    destination = mtDestination(s)
    if destination = "" then return
    for each event in s.events.waiting
        if event.record = "" then mtKeepEvent(s, event, destination)
    end for
end sub

sub mtDropEvents(s as object, events as object)
    if events.Count() = 0 then return
    touched = {}
    for each event in events
        event.isDropped = true
        if event.record <> "" then touched[event.record] = true
    end for
    for each id in touched
        if s.kept.records.DoesExist(id) then
            mtChangeRecord(s, id)
            record = s.kept.records[id]
            record.events = mtNotDropped(record.events)
        end if
    end for
    s.events.waiting = mtNotDropped(s.events.waiting)
end sub

function mtNotDropped(events as object) as object
    rest = []
    for each event in events
        if not event.isDropped then rest.Push(event)
    end for
    return rest
end function

' Ends a pause.
sub mtWake(s as object)
    mtCancelPause(s, s.events.pause)
    s.events.pause = invalid
end sub

sub mtCollect(s as object)
    events = s.events
    over = events.waiting.Count() - mtLimits().mostEventsQueued
    if over > 0 then
        mtLogOnce(s, "dropped events: more than " + mtLimits().mostEventsQueued.ToStr())
        mtDropEvents(s, mtSome(events.waiting, over))
    end if
    if events.isClosed or events.waiting.Count() = 0 then return
    if events.pause <> invalid or events.isSending then return
    s.count = s.count + 1
    events.pause = { "number": s.count, "timer": mtAfter(s, mtLimits().collectingMsec, mtFlushSoon) }
end sub

function mtFlushSoon(s as object, _ as dynamic) as dynamic
    mtFlush(s, invalid)
    return invalid
end function

' Takes over what earlier runs of the app could not send to where this one sends.
function mtRestore(s as object, _ as dynamic) as dynamic
    destination = mtDestination(s)
    if destination = "" or not s.top.tracking or s.events.restored = destination then return invalid
    s.events.restored = destination
    mtClaim(s)
    found = mtAdopt(s, destination, s.events.waiting)
    found.Append(s.events.waiting)
    s.events.waiting = found
    mtCollect(s)
    return invalid
end function

' The oldest events that are for where it sends now, have not left yet, and fit.
function mtNextEvents(s as object, most as integer, room as integer) as object
    batch = []
    destination = mtDestination(s)
    if destination = "" then return batch
    for each event in s.events.waiting
        if batch.Count() = most then exit for
        if mtIsFor(s, event, destination) and not event.isLeaving and event.bytes < room then
            room = room - event.bytes - 1
            batch.Push(event)
        end if
    end for
    return batch
end function

function mtIsFor(s as object, event as object, destination as string) as boolean
    if not s.kept.records.DoesExist(event.record) then return false
    return s.kept.records[event.record].destination = destination
end function

function mtPostEvents(s as object, batch as object, call as function) as string
    return mtSend(s, "/events", "[" + mtTextsOf(batch).Join(",") + "]", call, batch)
end function

' Some bad events have a whole batch refused: drop those that are named, or find them by halves.
sub mtRefuseEvents(s as object, batch as object, text as string)
    named = mtNamedPlaces(text)
    bad = []
    for at = 0 to batch.Count() - 1
        if named.DoesExist(at.ToStr()) or batch.Count() = 1 then bad.Push(batch[at])
    end for
    s.events.atOnce = Int((batch.Count() + 1) / 2)
    if bad.Count() = 0 then return
    s.events.atOnce = mtLimits().mostEventsAtOnce
    names = []
    for each event in bad
        names.Push(mtScalarText(mtMember(mtParsed(event.text), "name")))
    end for
    longest = mtLimits().longestUnknown
    list = Left(names.Join(", "), longest)
    mtLog(s, "refused events: " + bad.Count().ToStr() + ", such as " + list + ": " + Left(text, longest))
    mtDropEvents(s, bad)
end sub

' The places in the batch that the server's problems name, such as `[3].name`.
function mtNamedPlaces(text as string) as object
    named = {}
    mark = Chr(34) + "path" + Chr(34) + ":"
    pattern = CreateObject("roRegex", "^ *" + Chr(34) + "\[?(\d+)", "")
    at = Instr(1, text, mark)
    while at > 0
        at = at + Len(mark)
        found = pattern.Match(Mid(text, at, 40))
        if found.Count() > 1 then named[found[1].ToInt().ToStr()] = true
        at = Instr(at, text, mark)
    end while
    return named
end function

' Sends what is waiting; `call`, if any, is called when that is done or has failed.
sub mtFlush(s as object, call as dynamic, given = invalid as dynamic)
    mtWake(s)
    mtClaim(s)
    if call <> invalid then s.events.waiters.Push({ "call": call, "given": given })
    if s.events.isSending then return
    mtLater(s, mtRestore)
    mtSendEvents(s)
end sub

sub mtSendEvents(s as object)
    events = s.events
    batch = []
    if events.pause = invalid then batch = mtNextEvents(s, events.atOnce, mtLimits().mostBytesAtOnce)
    events.isSending = batch.Count() > 0
    if events.isSending then
        mtPostEvents(s, batch, mtEventsAnswered)
        return
    end if
    waiters = events.waiters
    events.waiters = []
    for each waiter in waiters
        call = waiter.call
        call(s, waiter.given)
    end for
end sub

function mtEventsAnswered(s as object, batch as object, reply as object) as dynamic
    events = s.events
    isTried = true
    if mtSucceeded(reply) then
        mtDropEvents(s, batch)
        ' Where something in between takes no more, that is how many it takes.
        events.atOnce = mtSmaller(2 * events.atOnce, mtLimits().mostEventsAtOnce)
        events.failures = 0
        events.refusals = 0
    else
        if mtIsRefusal(reply) then
            mtRefuseEvents(s, batch, reply.text)
            events.failures = 0
            events.refusals = events.refusals + 1
            isTried = events.refusals <= mtLimits().mostRefusalsAtOnce
        else
            isTried = false
        end if
        if not isTried then
            events.failures = events.failures + 1
            events.pause = mtAfterFailure(s, events.failures, reply, mtFlushSoon)
        end if
    end if
    mtSendEvents(s)
    return invalid
end function

' Sends as much as is taken from an app that may be gone soon; the rest follows when that has arrived.
sub mtLeave(s as object)
    for each event in s.events.waiting
        mtChangeRecord(s, event.record)
    end for
    under = 0
    for each event in s.events.waiting
        if event.isLeaving then under = under + event.bytes + 1
    end for
    batch = mtNextEvents(s, mtLimits().mostEventsQueued, mtLimits().leavingBytes - under)
    if batch.Count() = 0 then return
    for each event in batch
        event.isLeaving = true
    end for
    mtPostEvents(s, batch, mtLeaveAnswered)
end sub

function mtLeaveAnswered(s as object, batch as object, reply as object) as dynamic
    for each event in batch
        event.isLeaving = false
    end for
    if mtSucceeded(reply) then
        mtDropEvents(s, batch)
        mtLeave(s)
    end if
    mtCollect(s)
    return invalid
end function

' Consent is withdrawn: what waits is dropped.
sub mtDropAllEvents(s as object)
    mtWake(s)
    s.events.waiting = []
    s.events.restored = ""
    mtForgetRecords(s)
end sub
