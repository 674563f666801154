' Those who want to be told when a state has changed: observers of the field `changed`, and listeners.

function mtListeners(name as string, node as object, first as object) as object
    return { "name": name, "node": node, "told": first, "all": [] }
end function

' Has a function of a node called after a change; gives the number by which that is ended.
function mtListen(s as object, given as object) as integer
    node = given["node"]
    func = given["func"]
    if not mtIsNode(node) or mtKind(func) <> "text" then throw "not a node and the name of its function"
    s.count = s.count + 1
    given["to"].all.Push({ "number": s.count, "node": node, "func": func, "isOn": true })
    return s.count
end function

function mtStopListening(s as object, given as object) as dynamic
    rest = []
    for each listener in given["to"].all
        if mtKind(given["number"]) = "number" and listener.number = given["number"] then
            listener.isOn = false
        else
            rest.Push(listener)
        end if
    end for
    given["to"].all = rest
    return s.count
end function

' Calls them if that is not what they were told of last, until one of them changes it: then all were told of that.
sub mtAnnounce(s as object, listeners as object, held as object)
    known = listeners.told
    listeners.told = held
    if held.text = known.text then return
    listeners.node.changed = listeners.node.changed + 1
    for each listener in mtSome(listeners.all, listeners.all.Count())
        if listeners.told.number <> held.number then return
        if listener.isOn then mtTell(s, listeners.name, listener)
    end for
end sub

sub mtTell(s as object, name as string, listener as object)
    try
        listener.node.callFunc(listener.func)
    catch e
        mtLog(s, "a listener of " + name + " failed", e.message)
    end try
end sub
