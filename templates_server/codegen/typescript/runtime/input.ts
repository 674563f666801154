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
const EVENT_NAME =
  /^[^/\u0000-\u001f\u007f-\u009f]+\/[^/\u0000-\u001f\u007f-\u009f]+$/;
const RESERVED_NAMES = /^(mtribes\/|___UI\/|sdk\/)/;
const RESERVED_IDS = /^(\.\.?|[a-z]{3}_[0-9A-Za-z]{22})$/;
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]/;
const INVISIBLE_EDGE = /^[\p{Z}\p{Cf}]|[\p{Z}\p{Cf}]$/u;
/** NUL, and halves of surrogate pairs: no server stores them. */
const UNSTORABLE = /[\u0000\ud800-\udfff]/gu;

/** The text as it can be sent and stored. */
function storable(text: string): string {
  return text.replace(UNSTORABLE, "\ufffd");
}

/** The text of a scalar; null for anything else, whatever it does when it is looked at. */
function scalarText(value: unknown): string | null {
  switch (typeof value) {
    case "string":
      return storable(value);
    case "number":
    case "boolean":
    case "bigint":
      return String(value);
    default:
      return null;
  }
}

/** How a value is called in a message. */
function describe(value: unknown): string {
  return typeof value === "string"
    ? JSON.stringify(value.slice(0, LONGEST_KEY))
    : `a value of type ${typeof value}`;
}

function asEventName(name: unknown): string {
  const text = asString(name);
  if (text.length > LONGEST_NAME || !EVENT_NAME.test(text)) {
    throw new Nonsense("a name is category/action, such as video/completed");
  }
  if (RESERVED_NAMES.test(text)) throw new Nonsense("its prefix is reserved");
  return storable(text);
}

/** The pairs that have a value. */
function readPairs(pairs: EventPairs | null | undefined): readonly Pair[] {
  const read: Pair[] = [];
  for (const pair of [pairs?.pair1, pairs?.pair2, pairs?.pair3]) {
    const { key, value } = pair ?? { key: "", value: null };
    if ((value ?? null) === null) continue;
    const [keyText, text] = [scalarText(key), scalarText(value)];
    if (!keyText || keyText.length > LONGEST_KEY) {
      throw new Nonsense(`a key has 1 to ${LONGEST_KEY} characters`);
    }
    if (read.some((other) => other.key === keyText)) {
      throw new Nonsense(`the key ${keyText} is given twice`);
    }
    if (text === null || text.length > LONGEST_METADATA_VALUE) {
      const most = LONGEST_METADATA_VALUE;
      throw new Nonsense(`the value of ${keyText} is no text of up to ${most}`);
    }
    read.push({ key: keyText, value: text });
  }
  return read;
}

function readOptions(options: unknown, log: Logger = report): Wanted {
  if ((options ?? null) === null) options = {};
  if (typeof options !== "object") {
    throw new Nonsense("start takes { userId, userSignature, fields }");
  }
  const { userId, userSignature, fields } = options as StartOptions;
  const none = (userId ?? "") === "";
  return {
    userId: none ? null : asUserId(userId),
    userSignature:
      (userSignature ?? "") === ""
        ? undefined
        : storable(asString(userSignature)),
    fields: readFields(fields, log),
  };
}

function asUserId(value: unknown): string {
  const text = Number.isSafeInteger(value) ? String(value) : idText(value);
  if (
    Array.from(text).length > LONGEST_NAME ||
    storable(text) !== text ||
    CONTROLS.test(text) ||
    INVISIBLE_EDGE.test(text) ||
    RESERVED_IDS.test(text)
  ) {
    throw new Nonsense(
      `a userId has 1 to ${LONGEST_NAME} visible characters, none of them blank at an edge`,
    );
  }
  return text;
}

function idText(value: unknown): string {
  return typeof value === "bigint" ? String(value) : asString(value);
}

/** The fields that can be sent, if any; of the others a log line tells. */
function readFields(fields: unknown, log: Logger): Json | undefined {
  const read: Record<string, unknown> = {};
  let left = MOST_FIELDS;
  for (const name of namesOf(fields, log)) {
    try {
      const value = readField((fields as Json)[name]);
      if (value === null) continue;
      if (!name || name.length > LONGEST_KEY || left-- <= 0) {
        throw new Nonsense("too long a name, or too many fields");
      }
      Object.defineProperty(read, storable(name), { value, enumerable: true });
    } catch (cause) {
      log(`the field ${describe(name)} is left out`, cause);
    }
  }
  return left < MOST_FIELDS ? read : undefined;
}

function namesOf(fields: unknown, log: Logger): readonly string[] {
  try {
    return Object.keys(asObject(fields ?? {}));
  } catch (cause) {
    log("the fields of a session are left out", cause);
    return [];
  }
}

function readField(value: unknown): unknown {
  if ((value ?? null) === null) return null;
  if (typeof value === "boolean") return value;
  if (typeof value === "number" || typeof value === "bigint") {
    return asNumber(Number(value));
  }
  const text = storable(asString(value));
  if (text.length > LONGEST_FIELD_VALUE) {
    throw new Nonsense(`a value has up to ${LONGEST_FIELD_VALUE} characters`);
  }
  return text;
}
