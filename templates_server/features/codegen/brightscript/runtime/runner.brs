' Runs the sessions of a space, one after the other.

function mtState(s as object, status as string, failure as dynamic, revision as dynamic) as object
    view = { "status": status, "failure": failure, "revision": revision }
    held = mtHeld(s, view)
    held.status = status
    held.failure = failure
    return held
end function

function mtIsLocking(s as object) as boolean
    return s.top.sessionLock and (s.state.status = "served" or s.state.status = "fallback")
end function

' Says how it stands now: all of that is there before anybody is told of any of it.
sub mtConclude(s as object, status as string, failure = invalid as dynamic)
    revision = invalid
    if s.revision <> "" then revision = s.revision
    held = mtState(s, status, failure, revision)
    if held.text <> s.state.text then s.state = held
    mtShow(s)
    for each layers in s.layers
        mtAnnounce(s, layers.listeners, mtCurrent(layers))
    end for
    mtAnnounce(s, s.listeners, s.state)
end sub

' Writes all that is shown to fields; the status comes last, since apps observe it.
sub mtShow(s as object)
    for each layers in s.layers
        mtShowLayers(layers)
    end for
    if s.shown = s.state.number then return
    s.shown = s.state.number
    s.top.unknown = mtListUnknown(s)
    s.top.revision = mtOr(s.state.view["revision"], "")
    s.top.failure = mtOr(s.state.failure, "")
    s.top.status = s.state.status
end sub

function mtOr(value as dynamic, otherwise as dynamic) as dynamic
    if value = invalid then return otherwise
    return value
end function

' Takes an answer; invalid: nothing is new. What a whole session's answer does not name falls back.
sub mtTake(s as object, served as dynamic)
    unknown = []
    if served <> invalid then
        if served["session"] <> invalid then s.session = served["session"]
        s.revision = served["revision"]
        states = mtMembers(served["states"])
        for each layers in s.layers
            if states.DoesExist("=" + layers.entity) then
                mtServe(s, layers, states["=" + layers.entity])
            else if served["session"] <> invalid then
                mtDropLayers(layers)
            end if
        end for
        unknown = mtReportUnknown(s)
    end if
    mtConclude(s, "served")
    news = []
    for each entry in unknown
        if not s.logged.DoesExist(entry) then news.Push(entry)
    end for
    if news.Count() = 0 or s.logged.Count() > mtLimits().mostLoggedOnce then return
    for each entry in news
        s.logged[entry] = true
    end for
    mtLog(s, "this code cannot use " + news.Join("; "))
end sub

function mtListUnknown(s as object) as object
    unknown = []
    for each layers in s.layers
        unknown.Append(layers.unknown)
    end for
    return mtSome(unknown, mtLimits().mostUnknown)
end function

' What this code cannot use is told to the server when the next session starts.
function mtReportUnknown(s as object) as object
    unknown = mtListUnknown(s)
    s.top.unknown = unknown
    if s.top.tracking and s.states = invalid then
        entries = mtReport(s)
        entries.Append(unknown)
        mtPutReport(s, entries)
    end if
    return unknown
end function

' What an app says of itself, as far as that can be sent.
function mtApp(s as object) as object
    app = { "platform": "roku" }
    given = { "version": s.top.appVersion, "build": s.top.appBuild }
    for each name in given
        try
            text = mtOfLength(mtStorable(given[name]), mtLimits().longestKey)
            if text <> "" then app[name] = text
        catch e
            mtLog(s, "app" + UCase(Left(name, 1)) + Mid(name, 2) + " is left out", e.message)
        end try
    end for
    return app
end function

' Asks for the state of every entity at once, later again where that fails.
sub mtPrime(s as object, failures as integer)
    s.turn = s.turn + 1
    turn = s.turn
    unknown = []
    if s.top.tracking then unknown = mtReport(s)
    app = mtApp(s)
    if s.turn <> turn then return
    body = mtWhoseEvent(s.person)
    if s.person <> invalid then
        if s.person["fields"] <> invalid then body["fields"] = s.person["fields"]
    end if
    body["anonymous_id"] = s.anonymousId
    if not s.isBare then
        body["code"] = { "hash": s.blueprint["codeHash"], "language": "brightscript" }
        body["app"] = app
        if unknown.Count() > 0 then body["unknown"] = unknown
    end if
    given = { "failures": failures, "turn": turn, "isReported": unknown.Count() > 0 }
    s.primeRequest = mtSend(s, "/sessions", mtJson(body), mtPrimed, given)
end sub

function mtPrimed(s as object, given as object, reply as object) as dynamic
    s.primeRequest = ""
    served = mtServedOf(reply)
    isRefused = mtIsRefusal(reply)
    if isRefused then s.isBare = not s.isBare
    if given["isReported"] and (isRefused or served <> invalid) then mtPutReport(s, [])
    if s.turn <> given["turn"] then return invalid
    isServed = served <> invalid
    if isServed then isServed = served["session"] <> invalid
    if isServed then
        mtTake(s, served)
        mtFollow(s)
    else
        s.retryFailures = given["failures"] + 1
        s.retry = mtAfterFailure(s, given["failures"], reply, mtPrimeAgain)
        mtPrimeFailed(s, reply)
    end if
    mtFinishStart(s)
    return invalid
end function

function mtPrimeAgain(s as object, _ as dynamic) as dynamic
    s.retry = invalid
    mtPrime(s, s.retryFailures)
    return invalid
end function

sub mtPrimeFailed(s as object, reply as object)
    failure = mtFailureOf(reply)
    isNew = not mtIsSame(failure, s.state.failure)
    ' Changes do not come through; what was served stays.
    if s.session <> "" then mtConclude(s, "served", failure) else mtConclude(s, "fallback", failure)
    if isNew and (failure = "refused" or failure = "nonsense") then
        mtLog(s, "no session: " + failure, reply.status.ToStr())
    end if
end sub

' Ends all that is under way.
sub mtHalt(s as object)
    s.turn = s.turn + 1
    mtCut(s, s.primeRequest)
    s.primeRequest = ""
    mtStopFollowing(s)
    mtCancelPause(s, s.retry)
    s.retry = invalid
end sub

sub mtStop(s as object)
    mtHalt(s)
    s.person = invalid
    s.anonymousId = ""
    s.session = ""
    mtFinishStart(s)
end sub

' The present start is over, for whoever waits for it.
sub mtFinishStart(s as object)
    starting = s.starting
    if starting = invalid then return
    s.starting = invalid
    mtClear(s, starting.timer)
    mtFinished(s, starting.call)
end sub

' A call that takes time has ended: the field `finished` gets its number.
function mtFinished(s as object, call as dynamic) as dynamic
    if call <> invalid then s.top.finished = call
    return invalid
end function

' Shows fallbacks from here on.
sub mtFallBack(s as object, status as string, failure = invalid as dynamic)
    s.revision = ""
    for each layers in s.layers
        layers.locked = invalid
        mtDropLayers(layers)
    end for
    mtConclude(s, status, failure)
end sub

function mtIsPerson(s as object, following as dynamic) as boolean
    if s.person = invalid or following = invalid then return false
    return mtIsSame(s.person["external_id"], following["external_id"])
end function

' What the same person sees stays until there is something newer; a visitor who has signed in is another person.
sub mtBegin(s as object, isSame as boolean, idBefore as string)
    turn = s.turn
    if s.states <> invalid then
        s.anonymousId = mtNewId()
        mtTake(s, { "session": invalid, "revision": "test", "states": s.states })
        mtFinishStart(s)
        return
    end if
    if isSame then
        for each layers in s.layers
            mtKeepLayers(layers)
        end for
        mtConclude(s, "starting")
    else
        mtFallBack(s, "starting")
    end if
    if s.turn <> turn then return
    s.anonymousId = mtIdFor(s, s.person)
    if s.person["external_id"] = invalid and idBefore <> s.anonymousId then mtFallBack(s, "starting")
    if s.turn <> turn then return
    if mtDestination(s) <> "" then
        mtPrime(s, 1)
        return
    end if
    mtConclude(s, "fallback", "missing-key")
    mtLog(s, "apiKey is not set")
    if s.turn = turn then mtFinishStart(s)
end sub

' Whether all is over; who does not know it is told once.
function mtIsClosed(s as object) as boolean
    if s.closing = "" then return false
    mtLogOnce(s, "the space is closed")
    return true
end function

function mtStart(s as object, given as object) as dynamic
    if mtIsClosed(s) then return mtFinished(s, given["call"])
    mtWatch(s)
    turn = s.turn
    person = invalid
    try
        person = mtPerson(s, given["options"])
    catch e
        mtLog(s, "the session is not started", e.message)
    end try
    if s.turn <> turn then return mtFinished(s, given["call"])
    isSame = mtIsPerson(s, person) and s.key = s.apiKey
    idBefore = s.anonymousId
    mtStop(s)
    s.person = person
    s.key = s.apiKey
    if person = invalid then
        mtFallBack(s, "fallback", "refused")
        return mtFinished(s, given["call"])
    end if
    starting = { "call": given["call"], "turn": s.turn }
    starting.timer = mtAfter(s, s.top.waitTimeMsec, mtWaitedEnough, given["call"])
    s.starting = starting
    mtBegin(s, isSame, idBefore)
    return invalid
end function

' Goes on with fallbacks; the answer counts when it comes.
function mtWaitedEnough(s as object, call as dynamic) as dynamic
    if s.starting = invalid then return invalid
    if s.starting.call <> call then return invalid
    if s.state.status = "starting" then mtConclude(s, "fallback", "timeout")
    mtFinishStart(s)
    return invalid
end function

function mtFlushNow(s as object, call as dynamic) as dynamic
    if s.closing <> "" then return mtWaitForClose(s, call)
    ' Events that were tracked before it was known of whom come first.
    mtReadyIdentity(s)
    mtFlush(s, mtFinished, call)
    return invalid
end function

function mtEnd(s as object, call as dynamic) as dynamic
    if s.closing <> "" then return mtWaitForClose(s, call)
    mtStop(s)
    mtFallBack(s, "idle")
    return mtFlushNow(s, call)
end function

function mtClose(s as object, call as dynamic) as dynamic
    isFirst = s.closing = ""
    if isFirst then
        s.closing = "under way"
        mtLater(s, mtCloseNow)
    end if
    return mtWaitForClose(s, call)
end function

function mtWaitForClose(s as object, call as dynamic) as dynamic
    if s.closing = "done" then return mtFinished(s, call)
    s.closers.Push(call)
    return invalid
end function

function mtCloseNow(s as object, _ as dynamic) as dynamic
    mtHalt(s)
    if s.state.status = "starting" then mtConclude(s, "idle")
    mtFinishStart(s)
    mtReadyIdentity(s)
    s.events.isClosed = true
    mtFlush(s, mtClosed)
    return invalid
end function

function mtClosed(s as object, _ as dynamic) as dynamic
    mtWake(s)
    if s.events.waiting.Count() > 0 then mtLog(s, "events not sent: " + s.events.waiting.Count().ToStr())
    s.closing = "done"
    if s.task <> invalid then s.task.request = { "id": "", "url": "" }
    for each call in s.closers
        mtFinished(s, call)
    end for
    return invalid
end function

' From the first use on, the app's leaving and the network's return count.
sub mtWatch(s as object)
    if s.states <> invalid then return
    mtReport(s)
    s.isWatching = true
end sub

' The app is in front of somebody, or no longer.
function mtActivityChanged(s as object, _ as dynamic) as dynamic
    if not s.isWatching or s.closing <> "" then return invalid
    if s.top.isActive then
        mtHurry(s)
        mtShowFollower(s)
    else
        mtLeave(s)
        mtHideFollower(s)
    end if
    return invalid
end function

function mtNetworkIsBack(s as object, _ as dynamic) as dynamic
    if not s.isWatching or s.closing <> "" then return invalid
    mtHurry(s)
    mtShowFollower(s)
    return invalid
end function

' Who an event or a session is of, as the server takes it.
function mtWhoseEvent(person as dynamic) as object
    event = mtExact()
    if person = invalid then return event
    for each name in ["external_id", "user_signature"]
        if person[name] <> invalid then event[name] = person[name]
    end for
    return event
end function

function mtTrack(s as object, given as object) as dynamic
    ' After a failure of nobody's it is not known who is there.
    isMute = s.person = invalid and s.state.status = "fallback"
    if mtIsClosed(s) or isMute or s.states <> invalid then return invalid
    mtWatch(s)
    name = given["name"]
    metadata = given["metadata"]
    isMade = mtKind(name) = "object" and mtMember(name, "event") <> invalid
    if isMade then
        metadata = mtMember(name, "metadata")
        mtLogProblems(s, mtMember(name, "event"), mtMember(name, "problems"))
        name = mtMember(name, "event")
    end if
    try
        mtRefuseOthers(s, name, isMade)
        mtRecordEvent(s, name, metadata, given["place"])
    catch e
        mtLog(s, "the event " + mtDescribed(name) + " is not recorded", e.message)
    end try
    return invalid
end function

' Where the target's option `events` lists those of the model, they are the only ones.
sub mtRefuseOthers(s as object, name as dynamic, isMade as boolean)
    modelled = s.blueprint["events"]
    if modelled = invalid then return
    if isMade then isMade = mtHas(modelled, mtText(name))
    if not isMade then throw "not made by the function of an event of the model"
end sub

' What the model does not have of a modelled event is told; the event is recorded all the same.
sub mtLogProblems(s as object, name as dynamic, problems as dynamic)
    if mtKind(problems) <> "list" then return
    for each problem in problems
        mtLog(s, "the event " + mtDescribed(name), problem)
    end for
end sub

sub mtRecordEvent(s as object, name as dynamic, metadata as dynamic, place as dynamic)
    event = mtWhoseEvent(s.person)
    event["id"] = mtNewId()
    event["name"] = mtEventName(name)
    ' A clock that was never set: the time of arrival is nearer.
    timestamp = mtDateText(mtNow())
    if Left(timestamp, 1) = "2" then event["timestamp"] = timestamp
    if place <> invalid then event.Append(place)
    pairs = mtMetadata(metadata)
    if pairs <> invalid then event["metadata"] = pairs
    if s.anonymousId <> "" then event["anonymous_id"] = s.anonymousId else event["anonymous_id"] = mtIdFor(s, s.person)
    if s.session <> "" then event["session"] = s.session
    mtAddEvent(s, event)
end sub

function mtSnapshot(s as object, _ as dynamic) as dynamic
    if s.anonymousId = "" or s.revision = "" then return invalid
    states = mtExact()
    for each layers in s.layers
        wire = mtCurrent(layers).wire
        if wire <> invalid then states[layers.entity] = wire
    end for
    session = invalid
    if s.session <> "" then session = s.session
    userId = invalid
    if s.person <> invalid then userId = s.person["external_id"]
    person = { "anonymousId": s.anonymousId, "userId": userId }
    return { "session": session, "revision": s.revision, "states": states, "person": person }
end function

' What is shown now is what the first rendering shows.
sub mtSettle(s as object)
    for each layers in s.layers
        layers.initial = mtCurrent(layers)
        layers.node.initial = layers.initial.view
    end for
    s.top.initial = s.state.view
end sub
