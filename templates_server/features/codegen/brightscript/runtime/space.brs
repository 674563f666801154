' A space, made for the node of a component, and what the fields of that node and its functions come to.

' What a space is made of: its key, prefix, host, code hash, fallbacks and collections.
sub mtBeginSpace(top as object, blueprint as object)
    s = {
        "top": top
        "global": m.global
        "blueprint": blueprint
        "apiKey": ""
        "host": blueprint["host"]
        "waitTimeMsec": 1200
        "sessionLock": true
        "tracking": true
        "count": 0
        "depth": 0
        "later": []
        "timers": {}
        "requests": {}
        "pauses": []
        "logged": mtExact()
        "deprecated": {}
        "task": invalid
        "registry": invalid
        "isUnflushed": false
        "isStorageUsed": false
        "isReportLoaded": false
        "identity": invalid
        "isIdentityUnsaved": false
        "session": ""
        "revision": ""
        "person": invalid
        "anonymousId": ""
        "key": ""
        "turn": 0
        "primeRequest": ""
        "retry": invalid
        "retryFailures": 1
        "starting": invalid
        "states": invalid
        "isBare": false
        "isWatching": false
        "closing": ""
        "closers": []
    }
    s.events = {
        "waiting": []
        "atOnce": mtLimits().mostEventsAtOnce
        "failures": 0
        "refusals": 0
        "isClosed": false
        "isSending": false
        "pause": invalid
        "restored": ""
        "waiters": []
    }
    s.kept = { "records": {}, "changed": {}, "open": invalid, "place": -1 }
    s.follower = { "isFollowing": false, "isHere": false, "timer": "", "request": "", "pause": invalid }
    s.follower.Append({ "last": 0#, "failures": 0, "lost": 0 })
    m.mtribes = s
    top.host = s.host
    s.state = mtState(s, "idle", invalid, invalid)
    s.shown = s.state.number
    s.listeners = mtListeners("session", top, s.state)
    top.initial = s.state.view
    mtMakeCollections(s)
    mtShow(s)
end sub

' Makes the nodes of all entities.
sub mtMakeCollections(s as object)
    s.layers = []
    s.layersOf = mtExact()
    collections = {}
    for each collection in s.blueprint["collections"]
        children = {}
        for each child in collection["children"]
            layers = mtLayers(s, child["entity"], child["kind"], child["types"])
            s.layers.Push(layers)
            s.layersOf[child["entity"]] = layers
            layers.node.initial = layers.initial.view
            children[child["member"]] = layers.node
        end for
        collections[collection["member"]] = children
    end for
    s.top.collections = collections
end sub

' The fields of the node that an app sets

function mtApiKeyChanged(s as object, _ as dynamic) as dynamic
    s.apiKey = s.top.apiKey.Trim()
    if s.closing <> "" then return invalid
    mtFlush(s, invalid)
    if s.key = "" then s.key = s.apiKey
    if mtIsSame(s.state.failure, "missing-key") and mtDestination(s) <> "" then mtPrime(s, 1)
    return invalid
end function

function mtHostChanged(s as object, _ as dynamic) as dynamic
    host = s.top.host
    while Right(host, 1) = "/"
        host = Left(host, Len(host) - 1)
    end while
    s.host = host
    return invalid
end function

function mtWaitTimeChanged(s as object, _ as dynamic) as dynamic
    if s.top.waitTimeMsec >= 0 then
        s.waitTimeMsec = s.top.waitTimeMsec
    else
        mtLog(s, "waitTimeMsec must be a number of milliseconds")
        s.top.waitTimeMsec = s.waitTimeMsec
    end if
    return invalid
end function

function mtLockChanged(s as object, _ as dynamic) as dynamic
    mtStopFollowing(s)
    if not s.top.sessionLock then
        for each layers in s.layers
            layers.locked = invalid
        end for
    end if
    failure = s.state.failure
    if s.state.status = "served" then failure = invalid
    mtConclude(s, s.state.status, failure)
    mtFollow(s)
    return invalid
end function

function mtTrackingChanged(s as object, _ as dynamic) as dynamic
    if s.top.tracking = s.tracking then return invalid
    s.tracking = s.top.tracking
    if not s.tracking then
        mtClearStorage(s)
        mtDropAllEvents(s)
        mtPutReport(s, [])
    else if s.closing = "" then
        mtSaveIdentity(s, s.identity)
        mtReportUnknown(s)
        mtLater(s, mtRestore)
    end if
    return invalid
end function

' Sets what an app gives by name, each checked; the key is the last, since all else is there when it comes.
function mtConfigure(s as object, options as dynamic) as dynamic
    if mtKind(options) = "nothing" then return invalid
    mtObject(options)
    states = mtMember(options, "states")
    if mtKind(states) = "object" then s.states = mtCompleteStates(s, states)
    kinds = { "host": "text", "appVersion": "scalar", "appBuild": "scalar", "waitTimeMsec": "number" }
    kinds.Append({ "sessionLock": "toggle", "tracking": "toggle", "apiKey": "text" })
    names = ["logger", "storage", "host", "appVersion", "appBuild", "waitTimeMsec", "sessionLock", "tracking", "apiKey"]
    for each name in names
        value = mtMember(options, name)
        if mtHasMember(options, name) then mtSetOption(s, name, value, kinds[name])
    end for
    bootstrap = mtMember(options, "bootstrap")
    if s.states <> invalid then
        if mtKind(states) = "object" then mtBeginTest(s)
    else if mtKind(bootstrap) <> "nothing" then
        try
            mtResume(s, bootstrap)
        catch e
            mtLog(s, "the bootstrap cannot be used", e.message)
        end try
    end if
    return invalid
end function

sub mtSetOption(s as object, name as string, value as dynamic, kind as dynamic)
    if kind = invalid then
        if value <> invalid and not mtIsNode(value) then
            mtLog(s, name + " must be a node")
            return
        end if
    else if kind = "scalar" then
        try
            value = mtScalarText(value)
        catch e
            mtLog(s, name + " is left out", e.message)
            return
        end try
    else if mtKind(value) <> kind then
        mtLog(s, name + " must be a " + kind)
        return
    end if
    s.top.setField(name, value)
end sub

' What a test says, filled in from the fallbacks.
function mtCompleteStates(s as object, states as object) as object
    complete = mtExact()
    for each entity in mtKeys(states)
        if s.layersOf.DoesExist(entity) then
            complete[entity] = mtCompleteState(s, entity, states[entity])
        else
            mtLog(s, "no entity " + mtDescribed(entity))
        end if
    end for
    return complete
end function

function mtCompleteState(s as object, entity as string, given as dynamic) as object
    state = mtExact()
    fallback = mtMember(s.blueprint["fallbacks"], entity)
    if mtKind(fallback) = "object" then mtMerge(state, fallback)
    state["enabled"] = true
    if mtKind(given) = "object" then mtMerge(state, given)
    properties = mtMember(fallback, "properties")
    if mtKind(properties) = "object" then
        complete = mtExact()
        mtMerge(complete, properties)
        if mtKind(mtMember(given, "properties")) = "object" then mtMerge(complete, given["properties"])
        state["properties"] = complete
    end if
    items = mtMember(given, "items")
    if mtKind(items) = "list" then
        state["items"] = []
        for at = 0 to items.Count() - 1
            item = { "id": at.ToStr(), "enabled": true, "properties": {} }
            if mtKind(items[at]) = "object" then mtMerge(item, items[at])
            state["items"].Push(item)
        end for
    end if
    return state
end function

' Serves what a test says from here on, without a server.
sub mtBeginTest(s as object)
    mtStart(s, { "options": invalid, "call": invalid })
    mtSettle(s)
end sub

' Goes on with a session that was started elsewhere; the snapshot may come from anywhere.
sub mtResume(s as object, given as dynamic)
    who = mtObject(mtMember(mtObject(given), "person"))
    served = mtServed(given)
    person = mtPerson(s, { "userId": mtMember(who, "userId") })
    id = mtMember(who, "anonymousId")
    if not mtIsAnonymousId(id) then throw "no anonymousId"
    s.person = person
    s.anonymousId = id
    s.key = s.apiKey
    mtSaveIdentity(s, { "id": id, "owner": person["external_id"] })
    mtTake(s, served)
    mtSettle(s)
    mtWatch(s)
    mtFollow(s)
end sub

' What an entity shows, which stays while the session locks.
function mtRead(s as object, entity as dynamic) as dynamic
    if mtKind(entity) <> "text" then throw "not the name of an entity"
    if not s.layersOf.DoesExist(entity) then throw "no entity " + mtDescribed(entity)
    return mtReadLayers(s, s.layersOf[entity]).view
end function

' The listeners of an entity, or of the session.
function mtListenersOf(s as object, entity as dynamic) as object
    if mtKind(entity) = "text" and s.layersOf.DoesExist(entity) then return s.layersOf[entity].listeners
    return s.listeners
end function

' The number of a call that takes time.
function mtNewCall(s as object) as integer
    s.count = s.count + 1
    return s.count
end function
