' The home screen: a header, and a row for every item of the section `body`.

sub init()
    m.vod = m.top.findNode("vod")
    m.vod.apiKey = "pk_..."
    m.vod.sessionLock = false
    m.vod.observeField("status", "onStatus")
    m.vod.collections.homepage.header.observeField("changed", "showHeader")
    m.vod.collections.homepage.body.callFunc("onChange", m.top, "onBodyChanged")
    showHeader()
    onBodyChanged()
    m.vod.callFunc("start", { "userId": "u1", "fields": Vod_Fields({ campaign: "spring" }) })
end sub

sub onStatus()
    if m.vod.status = "fallback" then print "fallbacks are shown: "; m.vod.failure
end sub

sub showHeader()
    background = m.vod.collections.homepage.header.properties.background.value
    if background <> invalid then m.top.backgroundColor = background
end sub

sub onBodyChanged()
    rows = m.top.findNode("rows")
    rows.removeChildrenIndex(rows.getChildCount(), 0)
    for each item in m.vod.collections.homepage.body.entries
        label = rows.createChild("Label")
        if item.kind = "hero" then
            label.text = item.properties.title
        else if item.kind = "carousel" then
            label.text = item.properties.heading
        else if item.kind = "banner" then
            label.text = item.properties.label
        end if
    end for
end sub

' A person chose the item at that place.
sub choose(place as integer)
    body = m.vod.collections.homepage.body
    body.callFunc("trackItem", body.entries[place], "item/clicked")
    m.vod.callFunc("track", Vod_VideoCompleted({ title: "Parasite", genre: "Drama" }))
end sub

' The app goes to the background.
sub rest()
    m.vod.isActive = false
end sub
