' What could not be used and the server has not been told of: a line for whose it is, and one an entry. It is one for
' all spaces of the app, and kept in storage too, for the next run, until a start that carried it was answered.

function mtUntold(s as object) as string
    if not s.global.hasField("mtribesUntold") then s.global.addField("mtribesUntold", "string", false)
    return s.global.mtribesUntold
end function

function mtWhose(s as object) as string
    return s.blueprint["codeHash"] + mtDestination(s)
end function

' What the next start carries.
function mtReport(s as object) as object
    untold = mtUntold(s)
    if not s.isReportLoaded and s.top.tracking then
        s.isReportLoaded = true
        kept = mtStored(s, "unknown")
        ' Nothing of this kind is what others have written there.
        if untold = "" and kept <> invalid then
            if Instr(1, kept, Chr(10)) > 0 then untold = kept
        end if
        s.global.mtribesUntold = untold
    end if
    lines = untold.Split(Chr(10))
    entries = []
    if lines.Count() = 0 then return entries
    if lines[0] <> mtWhose(s) then return entries
    for at = 1 to mtSmaller(lines.Count() - 1, mtLimits().mostUnknown)
        entries.Push(mtStorable(Left(lines[at], mtLimits().longestUnknown)))
    end for
    return entries
end function

sub mtPutReport(s as object, entries as object)
    lines = []
    for each entry in entries
        if lines.Count() < mtLimits().mostUnknown and not mtHas(lines, entry) then lines.Push(entry)
    end for
    text = ""
    if lines.Count() > 0 then text = mtWhose(s) + Chr(10) + lines.Join(Chr(10))
    if not s.isReportLoaded or text = mtUntold(s) then return
    s.global.mtribesUntold = text
    if text = "" then mtUnstore(s, "unknown") else mtStore(s, "unknown", text)
end sub
