' Asks for changes of a session for as long as it runs unlocked and the app is active. Where the server no longer knows
' the session, it is begun anew.

sub mtFollow(s as object)
    if s.session = "" or s.top.sessionLock or s.closing <> "" then return
    mtStopFollowing(s)
    s.follower.isFollowing = true
    mtShowFollower(s)
end sub

sub mtStopFollowing(s as object)
    mtHideFollower(s)
    mtCancelPause(s, s.follower.pause)
    s.follower.pause = invalid
    s.follower.isFollowing = false
end sub

sub mtShowFollower(s as object)
    follower = s.follower
    if not follower.isFollowing or follower.isHere or follower.pause <> invalid or not s.top.isActive then return
    follower.isHere = true
    rest = mtLimits().shortestRestMsec
    mtRest(s, mtSmaller(follower.last + rest - mtNow(), rest))
end sub

sub mtHideFollower(s as object)
    follower = s.follower
    follower.isHere = false
    mtClear(s, follower.timer)
    follower.timer = ""
    mtCut(s, follower.request)
    follower.request = ""
end sub

sub mtRest(s as object, milliseconds as dynamic)
    if milliseconds > 0 then
        s.follower.timer = mtAfter(s, milliseconds, mtAskForChanges)
    else
        mtAskForChanges(s, invalid)
    end if
end sub

function mtAskForChanges(s as object, _ as dynamic) as dynamic
    s.follower.last = mtNow()
    path = "/sessions/" + s.session.EncodeUriComponent() + "/changes?since=" + s.revision.EncodeUriComponent()
    path = path + "&wait=" + mtLimits().changesWaitSeconds.ToStr()
    s.follower.request = mtSend(s, path, "", mtChangesAnswered)
    return invalid
end function

function mtChangesAnswered(s as object, _ as dynamic, reply as object) as dynamic
    follower = s.follower
    follower.request = ""
    limits = mtLimits()
    isEarly = mtNow() - follower.last < limits.earlyMsec
    follower.last = mtNow()
    served = mtServedOf(reply)
    if served <> invalid or reply.status = 204 then
        isNews = served <> invalid
        if isNews then isNews = served["revision"] <> s.revision
        if not isEarly then follower.lost = 0
        if isEarly and not isNews then follower.failures = follower.failures + 1 else follower.failures = 0
        rest = limits.shortestRestMsec * 1#
        if follower.failures > 0 then rest = mtBackOffMsec(follower.failures, limits.longestRestMsec)
        mtRest(s, rest)
        mtTake(s, served)
        return invalid
    end if
    mtChangesFailed(s, reply)
    return invalid
end function

sub mtChangesFailed(s as object, reply as object)
    follower = s.follower
    isUnknown = reply.status = 404
    if isUnknown then
        mtStopFollowing(s)
        follower.lost = follower.lost + 1
        if follower.lost = 1 then
            mtPrime(s, 1)
            return
        end if
        follower.failures = follower.failures + mtLimits().failuresOfANewSession
        follower.pause = mtAfterFailure(s, follower.failures, reply, mtRestartSession)
    else
        mtHideFollower(s)
        follower.failures = follower.failures + 1
        follower.pause = mtAfterFailure(s, follower.failures, reply, mtFollowAgain)
    end if
    mtConclude(s, s.state.status, mtFailureOf(reply))
end sub

function mtRestartSession(s as object, _ as dynamic) as dynamic
    s.follower.pause = invalid
    mtPrime(s, 1)
    return invalid
end function

function mtFollowAgain(s as object, _ as dynamic) as dynamic
    s.follower.pause = invalid
    mtShowFollower(s)
    return invalid
end function
