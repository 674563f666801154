' The thread that requests are made on, which render threads may not: one Task for a space.

sub init()
    m.port = CreateObject("roMessagePort")
    m.top.observeField("request", m.port)
    m.top.functionName = "mtRunTask"
end sub

sub mtRunTask()
    transfers = {}
    isRunning = true
    while isRunning
        message = Wait(0, m.port)
        if Type(message) = "roUrlEvent" then
            mtTakeEvent(m.top, transfers, message)
        else
            isRunning = mtTakeRequest(message.getData(), transfers, m.port)
        end if
    end while
end sub

' Makes a request, or ends one; false when there are no more to come.
function mtTakeRequest(request as object, transfers as object, port as object) as boolean
    if request["url"] = "" then
        mtEndTransfer(transfers, request["id"])
        return request["id"] <> ""
    end if
    transfer = CreateObject("roUrlTransfer")
    transfer.SetMessagePort(port)
    transfer.SetUrl(request["url"])
    transfer.SetCertificatesFile("common:/certs/ca-bundle.crt")
    transfer.InitClientCertificates()
    transfer.RetainBodyOnError(true)
    transfer.AddHeader("Accept", "application/json")
    transfer.AddHeader("Authorization", "Bearer " + request["key"])
    transfers[transfer.GetIdentity().ToStr()] = { "transfer": transfer, "id": request["id"] }
    if request["body"] = "" then
        transfer.AsyncGetToString()
    else
        transfer.AddHeader("Content-Type", "application/json")
        transfer.AsyncPostFromString(request["body"])
    end if
    return true
end function

' Ends a transfer whose answer nobody waits for; all of them where no id is given.
sub mtEndTransfer(transfers as object, id as string)
    for each identity in transfers.Keys()
        if id = "" or transfers[identity].id = id then
            transfers[identity].transfer.AsyncCancel()
            transfers.Delete(identity)
        end if
    end for
end sub

' Hands on the answer to a request.
sub mtTakeEvent(task as object, transfers as object, event as object)
    identity = event.GetSourceIdentity().ToStr()
    if event.GetInt() <> 1 or not transfers.DoesExist(identity) then return
    id = transfers[identity].id
    transfers.Delete(identity)
    response = { "id": id, "status": event.GetResponseCode(), "text": "", "retryAfter": "" }
    text = event.GetString()
    if text <> invalid then response["text"] = text
    headers = event.GetResponseHeaders()
    if headers <> invalid then
        for each name in headers
            if LCase(name) = "retry-after" then response["retryAfter"] = headers[name]
        end for
    end if
    task.response = response
end sub
