' Talks to the Client API: one request, one reply, within its time. The requests themselves are made by a Task.

' The api key and host to which it would send now; "": there is no key.
function mtDestination(s as object) as string
    if s.apiKey = "" or s.states <> invalid then return ""
    return mtJson([s.apiKey, s.host])
end function

' Sends; `call` gets the reply with what is given. A request without a body waits for changes.
function mtSend(s as object, path as string, body as string, call as function, given = invalid as dynamic) as string
    if s.task = invalid then mtBeginTask(s)
    s.count = s.count + 1
    id = s.count.ToStr()
    longest = mtLimits().timeoutMsec
    if body = "" then longest = mtLimits().changesTimeoutMsec
    timer = mtAfter(s, mtLarger(longest, s.top.waitTimeMsec), mtTimeOut, id)
    s.requests[id] = { "call": call, "given": given, "timer": timer }
    s.task.request = { "id": id, "url": s.host + "/api/client" + path, "key": s.apiKey, "body": body }
    return id
end function

sub mtBeginTask(s as object)
    s.task = CreateObject("roSGNode", s.blueprint["prefix"] + "MtribesTask")
    s.task.observeFieldScoped("response", "mtOnResponse")
    s.task.control = "RUN"
end sub

sub mtOnResponse(event as object)
    s = m.mtribes
    response = event.getData()
    if not s.requests.DoesExist(response["id"]) then return
    status = response["status"]
    if status < 0 then status = 0
    reply = { "status": status, "text": response["text"], "retryAfterMsec": mtRetryAfterMsec(response["retryAfter"]) }
    mtDo(s, "a response failed", mtTakeReply, { "id": response["id"], "reply": reply })
end sub

function mtTakeReply(s as object, given as object) as dynamic
    request = s.requests[given["id"]]
    mtForgetRequest(s, given["id"])
    call = request.call
    call(s, request.given, given["reply"])
    return invalid
end function

' Without a network, and in no time.
function mtNoAnswer() as object
    return { "status": 0, "text": "", "retryAfterMsec": 0# }
end function

function mtTimeOut(s as object, id as string) as dynamic
    request = s.requests[id]
    mtCut(s, id)
    call = request.call
    call(s, request.given, mtNoAnswer())
    return invalid
end function

' Ends a request whose reply nobody waits for.
sub mtCut(s as object, id as dynamic)
    if mtKind(id) <> "text" then return
    if not s.requests.DoesExist(id) then return
    mtForgetRequest(s, id)
    s.task.request = { "id": id, "url": "" }
end sub

sub mtForgetRequest(s as object, id as string)
    mtClear(s, s.requests[id].timer)
    s.requests.Delete(id)
end sub

' A page of HTML comes from something in between, such as a network's sign-in.
function mtSucceeded(reply as object) as boolean
    if reply.status < 200 or reply.status > 299 then return false
    return Left(reply.text.Trim(), 1) <> "<"
end function

' The answer of the server to what it refuses; not of what is in between, such as a network's sign-in.
function mtIsRefusal(reply as object) as boolean
    if reply.status = 413 then return true
    return (reply.status = 400 or reply.status = 422) and Left(reply.text.Trim(), 1) = "{"
end function

function mtFailureOf(reply as object) as string
    if reply.status = 0 then return "network"
    if reply.status >= 500 then return "server"
    if reply.status >= 400 then return "refused"
    return "nonsense"
end function

' A session's answer, or a change to it; invalid for an answer that is none.
function mtServedOf(reply as object) as dynamic
    if reply.status <> 200 then return invalid
    try
        return mtServed(mtParsed(reply.text))
    catch e
        return invalid
    end try
end function

function mtServed(value as dynamic) as object
    answer = mtObject(value)
    session = mtMember(answer, "session")
    if mtKind(session) <> "text" or session = "" then session = invalid else session = mtStorable(session)
    return {
        "session": session
        "revision": mtScalarText(mtMember(answer, "revision"))
        "states": mtObject(mtMember(answer, "states"))
    }
end function
