/** Whom an event is of. */
type Person = Pick<
  WireEvent,
  "anonymous_id" | "external_id" | "user_signature" | "session"
>;

/** All of an event but whom it is of. */
function readEvent({
  name,
  pairs,
  entity,
  data,
}: EventParts): Omit<WireEvent, "anonymous_id"> {
  const metadata = readPairs(pairs);
  const timestamp = new Date(clock.now()).toISOString();
  return {
    id: newId(),
    name: asEventName(name),
    // A clock that was never set: the time of arrival is nearer.
    ...(/^2\d{3}-/.test(timestamp) && { timestamp }),
    ...(entity && { entity }),
    ...(data && { data }),
    ...(metadata.length > 0 && { metadata }),
  };
}
