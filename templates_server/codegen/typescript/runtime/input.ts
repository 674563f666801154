/** What an app says when it starts a session, checked. */
interface Wanted {
  readonly userId: string | null;
  readonly userSignature: string | undefined;
  readonly fields: Json | undefined;
}

const LONGEST_NAME = 256;
const LONGEST_KEY = 64;
const LONGEST_METADATA_VALUE = 1024;
const LONGEST_FIELD_VALUE = 4096;
const MOST_FIELDS = 100;
/** Category and action; the prefixes are reserved. */
const EVENT_NAME =
  /^(?!(mtribes|___UI|sdk)\/)[^/\u0000-\u001f\u007f-\u009f]+\/[^/\u0000-\u001f\u007f-\u009f]+$/;
/** Reserved ids, what cannot be stored, control characters, and what nobody sees at an edge. */
const UNUSABLE_ID =
  /^$|^\.\.?$|^[a-z]{3}_[0-9A-Za-z]{22}$|[\u0000-\u001f\u007f-\u009f\ud800-\udfff]|^[\p{Z}\p{Cf}]|[\p{Z}\p{Cf}]$/u;
/** NUL, and halves of surrogate pairs: no server stores them. */
const UNSTORABLE = /[\u0000\ud800-\udfff]/gu;

/** The text as it can be sent and stored. */
function storable(text: string): string {
  return text.replace(UNSTORABLE, "\ufffd");
}

/** The text of a scalar; an error for anything else, whatever it does when it is looked at. */
function scalarText(value: unknown): string {
  const isScalar = /^(number|boolean|bigint)$/.test(typeof value);
  return isScalar ? String(value) : storable(asString(value));
}

function ensureLength(text: string, most: number): string {
  ensure(text.length <= most, `longer than ${most} characters`);
  return text;
}

/** How a value is called in a message. */
function describe(value: unknown): string {
  return typeof value === "string"
    ? JSON.stringify(value.slice(0, LONGEST_KEY))
    : typeof value;
}

function asEventName(name: unknown): EventName {
  const text = ensureLength(asString(name), LONGEST_NAME);
  ensure(EVENT_NAME.test(text), "not category/action, or reserved");
  return storable(text) as EventName;
}

/** The pairs that have a value. */
function readPairs(pairs: EventPairs | null | undefined): readonly Pair[] {
  const read: Pair[] = [];
  for (const pair of [pairs?.pair1, pairs?.pair2, pairs?.pair3]) {
    if (isNothing(pair?.value)) continue;
    const key = ensureLength(scalarText(pair?.key), LONGEST_KEY);
    ensure(
      key && !read.some((other) => other.key === key),
      "an empty or repeated key",
    );
    const value = ensureLength(scalarText(pair?.value), LONGEST_METADATA_VALUE);
    read.push({ key, value });
  }
  return read;
}

function isNothing(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

function readOptions(options: unknown, log: Logger): Wanted {
  const { userId, userSignature, fields } = asObject(options ?? {});
  return {
    userId: isNothing(userId) || userId === "" ? null : asUserId(userId),
    userSignature:
      isNothing(userSignature) || userSignature === ""
        ? undefined
        : storable(asString(userSignature)),
    fields: readFields(fields, log),
  };
}

function asUserId(value: unknown): string {
  const isWhole = typeof value === "bigint" || Number.isSafeInteger(value);
  const text = isWhole ? String(value) : asString(value);
  ensure(
    Array.from(text).length <= LONGEST_NAME && !UNUSABLE_ID.test(text),
    "not a usable userId",
  );
  return text;
}

/** The fields that can be sent, if any; of the others a log line tells. */
function readFields(fields: unknown, log: Logger): Json | undefined {
  const read: [string, unknown][] = [];
  const attempt = (what: string, call: () => void) => {
    try {
      call();
    } catch (cause) {
      log(`${what} left out`, cause);
    }
  };
  attempt("all fields are", () => {
    const given = asObject(fields ?? {});
    for (const name of Object.keys(given)) {
      attempt(`the field ${describe(name)} is`, () => {
        const value = readField(given[name]);
        if (isNothing(value)) return;
        ensure(name && read.length < MOST_FIELDS, "no name, or too many");
        read.push([storable(ensureLength(name, LONGEST_KEY)), value]);
      });
    }
  });
  return read.length > 0 ? Object.fromEntries(read) : undefined;
}

function readField(value: unknown): unknown {
  if (isNothing(value) || typeof value === "boolean") return value;
  if (typeof value === "number" || typeof value === "bigint") {
    return asNumber(Number(value));
  }
  return ensureLength(storable(asString(value)), LONGEST_FIELD_VALUE);
}
