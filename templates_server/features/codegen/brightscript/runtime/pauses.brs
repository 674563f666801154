' Pauses before another attempt. They grow with the failures in a row, at random so that many apps do not come back at
' once, and end when the network comes back.

function mtAfterFailure(s as object, failures as integer, reply as object, call as function) as object
    limits = mtLimits()
    longest = limits.longestPauseMsec
    if reply.status <> 0 then longest = limits.longestPauseAfterAnAnswerMsec
    s.count = s.count + 1
    pause = { "number": s.count, "began": mtNow(), "call": call }
    pause.least = mtLarger(limits.shortestPauseMsec * 1#, reply.retryAfterMsec)
    pause.timer = mtAfter(s, mtLarger(pause.least, mtBackOffMsec(failures, longest)), mtEndPause, pause)
    s.pauses.Push(pause)
    return pause
end function

function mtEndPause(s as object, pause as object) as dynamic
    mtCancelPause(s, pause)
    call = pause.call
    return call(s, invalid)
end function

sub mtCancelPause(s as object, pause as dynamic)
    if pause = invalid then return
    mtClear(s, pause.timer)
    rest = []
    for each other in s.pauses
        if other.number <> pause.number then rest.Push(other)
    end for
    s.pauses = rest
end sub

' The network is back: those that wait for it try again.
sub mtHurry(s as object)
    for each pause in mtSome(s.pauses, s.pauses.Count())
        mtClear(s, pause.timer)
        pause.timer = mtAfter(s, pause.least - mtLarger(0#, mtNow() - pause.began), mtEndPause, pause)
    end for
end sub

' 1 s, 1 to 2 s, 2 to 4 s ... up to the longest.
function mtBackOffMsec(failures as integer, longest as integer) as double
    most = mtSmaller(longest * 1#, 500# * 2 ^ mtSmaller(failures, 10))
    shortest = mtLimits().shortestPauseMsec * (1# + Rnd(0) / 5)
    return mtLarger(shortest, most * (0.5# + Rnd(0) / 2))
end function
