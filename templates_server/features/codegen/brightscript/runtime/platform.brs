' The work of a space, one piece after the other, and its timers and log.

' Does a piece of work: nothing of it reaches the app as an error, and what it left for later is done after it.
function mtDo(s as object, what as string, call as function, given = invalid as dynamic) as dynamic
    s.depth = s.depth + 1
    result = invalid
    try
        result = call(s, given)
    catch e
        mtLog(s, what, e.message)
    end try
    if s.depth = 1 then mtFinishTurn(s)
    s.depth = s.depth - 1
    return result
end function

sub mtFinishTurn(s as object)
    while s.later.Count() > 0
        work = s.later.Shift()
        mtAttempt(s, work.call, work.given)
    end while
    if s.isUnflushed then mtFlushStorage(s)
end sub

sub mtAttempt(s as object, call as function, given as dynamic)
    try
        call(s, given)
    catch e
        mtLog(s, "an error of its own", e.message)
    end try
end sub

' Has it done when what is done now is over.
sub mtLater(s as object, call as function, given = invalid as dynamic)
    s.later.Push({ "call": call, "given": given })
end sub

' Calls after a pause; gives the name of the timer.
function mtAfter(s as object, milliseconds as dynamic, call as function, given = invalid as dynamic) as string
    s.count = s.count + 1
    timer = CreateObject("roSGNode", "Timer")
    timer.id = "mtribes" + s.count.ToStr()
    timer.duration = mtLarger(0.001, mtSmaller(milliseconds, 2000000000) / 1000)
    timer.observeFieldScoped("fire", "mtOnTimer")
    s.timers[timer.id] = { "node": timer, "call": call, "given": given }
    timer.control = "start"
    return timer.id
end function

sub mtClear(s as object, id as dynamic)
    if mtKind(id) <> "text" then return
    timer = s.timers[id]
    if timer = invalid then return
    timer.node.unobserveFieldScoped("fire")
    timer.node.control = "stop"
    s.timers.Delete(id)
end sub

sub mtOnTimer(event as object)
    s = m.mtribes
    id = event.getNode()
    timer = s.timers[id]
    if timer = invalid then return
    mtClear(s, id)
    mtDo(s, "a timer failed", timer.call, timer.given)
end sub

' Tells the developer. The logger may start or end a session: all that goes with a message is done before.
sub mtLog(s as object, message as string, cause = invalid as dynamic)
    message = mtVisible(message)
    if cause <> invalid then cause = mtVisible(cause)
    logger = s.top.logger
    if logger <> invalid then
        try
            logger.callFunc("log", message, cause)
            return
        catch e
            mtPrint(e.message)
        end try
    end if
    if cause = invalid then mtPrint(message) else mtPrint(message + ": " + cause)
end sub

sub mtPrint(message as string)
    print "mtribes: "; message
end sub

' Logs the message, unless it was logged before.
sub mtLogOnce(s as object, message as string)
    if s.logged.DoesExist(message) or s.logged.Count() > mtLimits().mostLoggedOnce then return
    s.logged[message] = true
    mtLog(s, message)
end sub

' An object whose keys keep their case.
function mtExact() as object
    exact = {}
    exact.SetModeCaseSensitive()
    return exact
end function
