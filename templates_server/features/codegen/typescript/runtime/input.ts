/** Undefined where the call throws: then a log line says what, and why. */
type Attempt = <T>(what: string, call: () => T) => T | undefined;

/** Who a session is for, and what an app says of them, checked: as the server takes it. Nobody given: a visitor. */
interface Person {
  readonly external_id: string | undefined;
  readonly user_signature: string | undefined;
  readonly fields: Json | undefined;
}

/** Whether both are one person, as far as is known: all visitors are. */
const areSame = (one: Person | undefined, other: Person | undefined) =>
  one && other && one.external_id === other.external_id;

/** The text as it can be sent and stored. */
const storable = (text: string): string => {
  // NUL, and halves of surrogate pairs: no server stores them.
  return text.replace(/[\0\p{Cs}]/gu, "\ufffd");
};

/** The text of a scalar; an error for anything else, whatever it does when it is looked at. */
const scalarText = (value: unknown): string => {
  if (typeof value === "number") return String(asNumber(value));
  const isScalar = /^(boolean|bigint)$/.test(typeof value);
  return isScalar ? String(value) : storable(asString(value));
};

const ensureLength = (text: string, most: number): string => {
  ensure(text.length <= most, `longer than ${most} characters`);
  return text;
};

/** How a value is called in a message. */
const describe = (value: unknown): string => {
  return typeof value === "string"
    ? JSON.stringify(value.slice(0, LONGEST_KEY))
    : typeof value;
};

const asEventName = (name: unknown): EventName => {
  const text = ensureLength(asString(name), LONGEST_NAME);
  // Category and action; the prefixes are reserved.
  ensure(
    /^(?!(mtribes|___UI|sdk)\/)[^/\p{Cc}]+\/[^/\p{Cc}]+$/u.test(text),
    "not category/action, or reserved",
  );
  return storable(text) as EventName;
};

/** What has a value, in order of key: by its own key, or as one of three pairs. */
const readMetadata = (metadata: unknown): readonly Pair[] | undefined => {
  const given = asObject(metadata || {});
  const read: Pair[] = [];
  for (const name of Object.keys(given).sort()) {
    const pair = /^pair[123]$/.test(name)
      ? given[name]
      : { key: name, value: given[name] };
    const { key, value } = (pair ?? {}) as Json;
    if (isNothing(value)) continue;
    const text = ensureLength(scalarText(key), LONGEST_KEY);
    ensure(
      text && read.length < 3 && !read.some((other) => other.key === text),
      "an empty or repeated key, or more than 3",
    );
    read.push({
      key: text,
      value: ensureLength(scalarText(value), LONGEST_METADATA_VALUE),
    });
  }
  return read[0] && read;
};

const isNothing = (value: unknown): value is null | undefined => {
  return value === undefined || value === null;
};

const readOptions = (options: unknown, attempt: Attempt): Person => {
  const { userId, userSignature, fields } = asObject(options ?? {});
  const external_id =
    isNothing(userId) || userId === "" ? undefined : asUserId(userId);
  const signature = storable(asString(userSignature ?? ""));
  return {
    external_id,
    user_signature: (external_id && signature) || undefined,
    fields: readFields(fields, attempt),
  };
};

const asUserId = (value: unknown): string => {
  const isWhole = typeof value === "bigint" || Number.isSafeInteger(value);
  const text = isWhole ? String(value) : asString(value);
  ensure(
    // Reserved ids, what cannot be stored, control characters, and what nobody sees at an edge.
    [...text].length <= LONGEST_NAME &&
      !/^(|\.\.?|[a-z]{3}_[^\W_]{22})$|[\p{Cc}\p{Cs}]|^[\p{Z}\p{Cf}]|[\p{Z}\p{Cf}]$/u.test(
        text,
      ),
    "not a userId",
  );
  return text;
};

/** The fields that can be sent, if any; of the others a log line tells. */
const readFields = (fields: unknown, attempt: Attempt): Json | undefined => {
  const read: [string, unknown][] = [];
  attempt("all fields are left out", () => {
    const given = asObject(fields ?? {});
    for (const name of Object.keys(given)) {
      attempt(`the field ${describe(name)} is left out`, () => {
        const value = readField(given[name]);
        if (isNothing(value)) return;
        ensure(name && read.length < MOST_FIELDS, "no name, or too many");
        read.push([storable(ensureLength(name, LONGEST_KEY)), value]);
      });
    }
  });
  return read[0] && Object.fromEntries(read);
};

const readField = (value: unknown): unknown => {
  if (isNothing(value) || typeof value === "boolean") return value;
  if (typeof value === "number" || typeof value === "bigint") {
    return asNumber(Number(value));
  }
  return ensureLength(storable(asString(value)), LONGEST_FIELD_VALUE);
};
