' The numbers that this file goes by.
function mtLimits() as object
    if m.mtLimits <> invalid then return m.mtLimits
    m.mtLimits = {
        "mostUnknown": 20
        "longestUnknown": 200
        "longestName": 256
        "longestKey": 64
        "longestMetadataValue": 1024
        "longestFieldValue": 4096
        "mostFields": 100
        "eventPlaces": 64
        "shortestPauseMsec": 1000
        "longestPauseMsec": 60000
        ' After an answer such as 404 or 500, which may last: the network's return does not end it.
        "longestPauseAfterAnAnswerMsec": 300000
        "longestRetryAfterMsec": 3600000
        ' A record that has more is not written again for every further event.
        "mostCharactersAgain": 16000
        "mostEventsQueued": 1000
        "mostEventsAtOnce": 100
        "mostBytesAtOnce": 500000
        "mostEventBytes": 32768
        "collectingMsec": 1000
        ' As many as it takes to find one bad event among the most that are sent at once, and more.
        "mostRefusalsAtOnce": 10
        ' What is sent at once by an app that may be gone soon.
        "leavingBytes": 60000
        "timeoutMsec": 30000
        "changesWaitSeconds": 25
        "changesTimeoutMsec": 40000
        "mostLoggedOnce": 200
        ' Two answers never follow each other faster than that.
        "shortestRestMsec": 1000
        ' Who says sooner that nothing is new was to wait and did not, and is asked ever more rarely.
        "earlyMsec": 10000
        "longestRestMsec": 25000
        ' A server that does not know the session that it has just begun is asked less often.
        "failuresOfANewSession": 5
        ' JSON that is deeper than that is not written.
        "mostDepth": 100
    }
    return m.mtLimits
end function
