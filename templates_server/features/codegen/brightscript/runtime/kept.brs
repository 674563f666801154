' Keeps events in storage from the end of the turn in which they are tracked until they are dropped. A record holds
' events of one destination under one name; what others have written there is neither overwritten nor removed.

function mtPlaceName(place as integer) as string
    return "events." + place.ToStr()
end function

function mtNextPlace(place as integer) as integer
    return (place + 1) mod mtLimits().eventPlaces
end function

' What the event is kept in from now on.
sub mtKeepEvent(s as object, event as object, destination as string)
    kept = s.kept
    if kept.place < 0 then kept.place = Int(Rnd(0) * mtLimits().eventPlaces)
    isOpen = kept.open <> invalid
    if isOpen then isOpen = kept.open.destination = destination and kept.open.size <= mtLimits().mostCharactersAgain
    if not isOpen then
        kept.place = mtNextPlace(kept.place)
        kept.open = mtRecord(s, destination, kept.place, invalid)
    end if
    kept.open.size = kept.open.size + Len(event.text)
    kept.open.events.Push(event)
    event.record = kept.open.id
    mtChangeRecord(s, event.record)
end sub

function mtRecord(s as object, destination as string, place as integer, text as dynamic) as object
    s.count = s.count + 1
    record = { "id": s.count.ToStr(), "destination": destination, "place": place, "text": text, "events": [], "size": 0 }
    if text <> invalid then record.size = Len(text)
    s.kept.records[record.id] = record
    return record
end function

sub mtChangeRecord(s as object, id as string)
    if id = "" then return
    if s.kept.changed.Count() = 0 then mtLater(s, mtSaveRecords)
    s.kept.changed[id] = true
end sub

' Writes what has changed.
function mtSaveRecords(s as object, _ as dynamic) as dynamic
    changed = s.kept.changed
    s.kept.changed = {}
    for each id in changed
        if s.kept.records.DoesExist(id) then mtWriteRecord(s, s.kept.records[id])
    end for
    return invalid
end function

' In its place if nobody else is there by now; else in the next that is free.
sub mtWriteRecord(s as object, record as object)
    for tries = 0 to mtLimits().eventPlaces
        name = mtPlaceName(record.place)
        found = mtStored(s, name)
        if mtIsOfRecord(record, found) then
            if record.events.Count() = 0 then
                mtUnstore(s, name)
                mtForgetRecord(s, record)
            else
                text = record.destination + Chr(10) + mtTextsOf(record.events).Join(Chr(10))
                isWritten = found <> invalid
                if isWritten then isWritten = found = text
                if not isWritten then isWritten = mtStore(s, name, text)
                if isWritten then record.text = text
            end if
            return
        end if
        record.text = invalid
        if record.events.Count() = 0 then
            mtForgetRecord(s, record)
            return
        end if
        record.place = mtNextPlace(record.place)
    end for
end sub

function mtIsOfRecord(record as object, found as dynamic) as boolean
    if found = invalid then return true
    if record.text = invalid then return false
    return found = record.text
end function

sub mtForgetRecord(s as object, record as object)
    s.kept.records.Delete(record.id)
    if s.kept.open <> invalid then
        if s.kept.open.id = record.id then s.kept.open = invalid
    end if
end sub

function mtTextsOf(events as object) as object
    texts = []
    for each event in events
        texts.Push(event.text)
    end for
    return texts
end function

' What earlier runs of the app, and others, have kept for this destination, less what is known.
function mtAdopt(s as object, destination as string, known as object) as object
    texts = mtExact()
    for each event in known
        texts[event.text] = true
    end for
    found = []
    for place = 0 to mtLimits().eventPlaces - 1
        mtAdoptPlace(s, destination, place, texts, found)
    end for
    return found
end function

sub mtAdoptPlace(s as object, destination as string, place as integer, known as object, found as object)
    text = mtStored(s, mtPlaceName(place))
    if text = invalid then return
    lines = text.Split(Chr(10))
    if lines[0] <> destination then return
    events = []
    for at = 1 to lines.Count() - 1
        if mtIsEvent(lines[at]) then events.Push(lines[at])
    end for
    record = mtRecord(s, destination, place, text)
    isUsed = events.Count() = 0
    for each line in events
        if not known.DoesExist(line) then
            event = mtWaiting(s, line)
            event.record = record.id
            record.events.Push(event)
            found.Push(event)
            isUsed = true
        end if
    end for
    if events.Count() = 0 then mtChangeRecord(s, record.id)
    if not isUsed then
        s.kept.records.Delete(record.id)
    else if events.Count() > 0 then
        isSmaller = s.kept.open = invalid
        if not isSmaller then isSmaller = record.size < s.kept.open.size
        if isSmaller then s.kept.open = record
    end if
end sub

' Not of what others have written there, which would be in the way of events.
function mtIsEvent(line as string) as boolean
    if mtBytes(line) > mtLimits().mostEventBytes then return false
    if Left(line, 1) <> "{" then return false
    id = mtMember(mtParsed(line), "id")
    return mtKind(id) = "text" and mtIsAnonymousId(id)
end function

sub mtForgetRecords(s as object)
    s.kept.changed = {}
    s.kept.records = {}
    s.kept.open = invalid
end sub
