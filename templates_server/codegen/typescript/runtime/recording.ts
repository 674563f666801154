/** All of an event but whom it is of. */
function readEvent(
  name: unknown,
  pairs: EventPairs | undefined,
  place: EventPlace | undefined,
): Omit<WireEvent, "anonymous_id"> {
  const metadata = readPairs(pairs);
  const timestamp = new Date(clock.now()).toISOString();
  return {
    id: newId(),
    name: asEventName(name),
    // A clock that was never set: the time of arrival is nearer.
    ...(/^2\d{3}-/.test(timestamp) && { timestamp }),
    ...place,
    ...(metadata.length > 0 && { metadata }),
  };
}
