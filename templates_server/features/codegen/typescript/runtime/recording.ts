/** All of an event but whom it is of. */
const readEvent = (
  name: unknown,
  metadata: unknown,
  place: EventPlace | undefined,
): Omit<WireEvent, "anonymous_id"> => {
  const timestamp = new Date(clock.now()).toISOString();
  return {
    id: newId(),
    name: asEventName(name),
    // A clock that was never set: the time of arrival is nearer.
    timestamp: /^2\d{3}-/.test(timestamp) ? timestamp : undefined,
    ...place,
    metadata: readMetadata(metadata),
  };
};
