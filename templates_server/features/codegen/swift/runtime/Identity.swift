extension Mtribes {
  /// The anonymous id of the device's present person, and the user that it belongs to, once they have signed in.
  struct Identity: Equatable {
    let id: String
    let owner: String?
  }

  /// Makes the anonymous id once and keeps it; a new person on the device gets a new one.
  final class IdentityKeeper: @unchecked Sendable {
    private let store: Store
    private var identity: Identity?
    /// Whether the identity in memory could not be stored, so that what is stored is an older one.
    private var isUnsaved = false

    init(_ store: Store) {
      self.store = store
    }

    /// The anonymous id to go on with, whoever it is.
    func present() -> String {
      known().id
    }

    /// The anonymous id to go on with, now that this person is there.
    func id(for person: Person) -> String {
      let present = known()
      guard present.owner != person.userId else { return present.id }
      let next = Identity(id: present.owner == nil ? present.id : newId(), owner: person.userId)
      save(next)
      return next.id
    }

    /// Keeps the present one, since they may be stored from now on.
    func save() {
      if let present = identity { save(present) }
    }

    func save(_ next: Identity) {
      identity = next
      let owner = next.owner.map { Json.text($0) } ?? .null
      let text = Json.object(JsonObject([("id", .text(next.id)), ("owner", owner)])).written
      var isWritten = store.write(Store.identity, text)
      if !isWritten {
        // What is stored of somebody else must go, even where there is no room for more.
        store.remove(Store.identity)
        isWritten = store.write(Store.identity, text)
      }
      isUnsaved = !isWritten
    }

    private func known() -> Identity {
      if !isUnsaved {
        if let stored = store.read(Store.identity).flatMap(parse) {
          identity = stored
        } else if let present = identity {
          save(present)
        }
      }
      if let present = identity { return present }
      let made = Identity(id: newId(), owner: nil)
      save(made)
      return made
    }

    private func parse(_ text: String) -> Identity? {
      guard let read = try? JsonParser.parse(text).asObject(),
        let id = try? asAnonymousId(read["id"] ?? .null), let owner = read["owner"]
      else { return nil }
      if owner == .null { return Identity(id: id, owner: nil) }
      return (try? owner.asText()).map { Identity(id: id, owner: $0) }
    }
  }
}

private func newId() -> String {
  UUID().uuidString.lowercased()
}

private func asAnonymousId(_ value: Mtribes.Json) throws -> String {
  let text = try value.asText()
  let isId =
    text.utf8.count == 36
    && text.unicodeScalars.allSatisfy { "0123456789abcdef-".unicodeScalars.contains($0) }
  try ensure(isId, "not an anonymous id")
  return text
}
