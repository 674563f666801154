/** A colour: `value` is `#rrggbb`, or null when unset; `opacity` lies in 0..1. */
export interface Color {
  readonly value: string | null;
  readonly opacity: number;
}

/** How a property is called on the wire and what it may hold. */
export interface PropertyRule {
  readonly key: string;
  readonly type:
    | "text"
    | "number"
    | "toggle"
    | "color"
    | "date"
    | "list"
    | "select"
    | "image";
  readonly options?: readonly string[];
}

/** A type of experience, as the code generated for it describes it. */
export interface ExperienceType<Kind extends string, Properties> {
  readonly kind: Kind;
  readonly rules: { readonly [Member in keyof Properties]: PropertyRule };
  readonly defaults: Properties;
}

/** Any type of experience. */
export type AnyExperienceType = ExperienceType<string, any>;

/** The state of an entity as the server sends it; checked before it is used. */
export interface WireState {
  readonly enabled: boolean;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly items?: readonly WireItem[];
}

/** One item of a section as the server sends it. */
export interface WireItem {
  readonly id: string;
  readonly experience: string;
  readonly enabled: boolean;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** Thrown and caught in here, for a value that cannot be used. */
class Nonsense extends Error {}

type Json = Readonly<Record<string, unknown>>;

function asObject(value: unknown): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Nonsense("an object is expected");
  }
  return value as Json;
}

function asArray(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Nonsense("an array is expected");
  return value;
}

function asString(value: unknown): string {
  if (typeof value !== "string") throw new Nonsense("a string is expected");
  return value;
}

function asBoolean(value: unknown): boolean {
  if (typeof value !== "boolean") throw new Nonsense("a boolean is expected");
  return value;
}

function asNumber(value: unknown): number {
  if (typeof value !== "number" || !isFinite(value)) {
    throw new Nonsense("a number is expected");
  }
  return value;
}

function asColor(value: unknown): Color {
  const color = asObject(value);
  const text = own(color, "value") ?? null;
  const opacity = asNumber(own(color, "opacity") ?? 1);
  if (text !== null && !/^#[0-9a-f]{6}$/i.test(asString(text))) {
    throw new Nonsense("a colour is #rrggbb");
  }
  if (opacity < 0 || opacity > 1) throw new Nonsense("opacity lies in 0..1");
  return Object.freeze({ value: text as string | null, opacity });
}

function asDate(value: unknown): Date {
  const text = asString(value);
  const date = new Date(text);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text) || isNaN(date.getTime())) {
    throw new Nonsense("a date is RFC 3339");
  }
  return date;
}

function asOption(value: unknown, options: readonly string[]): string {
  const option = asString(value);
  if (option !== "" && options.indexOf(option) < 0) {
    throw new Nonsense("not one of the options");
  }
  return option;
}

function own(object: Json, key: string): unknown {
  return Object.prototype.hasOwnProperty.call(object, key)
    ? object[key]
    : undefined;
}

function readValue(rule: PropertyRule, value: unknown): unknown {
  switch (rule.type) {
    case "text":
    case "image":
      return asString(value);
    case "number":
      return asNumber(value);
    case "toggle":
      return asBoolean(value);
    case "color":
      return asColor(value);
    case "date":
      return asDate(value);
    case "list":
      return Object.freeze(asArray(value).map(asString));
    case "select":
      return asOption(value, rule.options ?? []);
  }
}

/** Takes note of what cannot be used: where it stands, and what it is. */
type Note = (place: string, value: unknown) => void;

const MOST_UNKNOWN = 20;
const LONGEST_UNKNOWN = 200;

/** Such as `homepage.body[1].layout: "tall"`. */
function unknownEntry(place: string, value: unknown): string {
  let text = "missing";
  try {
    if (value !== undefined) text = JSON.stringify(value);
  } catch {
    text = "nested too deeply";
  }
  return storable(`${place}: ${text}`.slice(0, LONGEST_UNKNOWN));
}

/** The value as it is read, or else the other one. */
function readOr<Value>(
  read: (value: unknown) => Value,
  value: unknown,
  otherwise: Value,
  place: string,
  note: Note,
): Value {
  try {
    return read(value);
  } catch {
    note(place, value);
    return otherwise;
  }
}

/** The properties by member name; the default for what is not given, and for what cannot be used. */
function readProperties<Properties>(
  type: ExperienceType<string, Properties>,
  wire: unknown,
  place: string,
  note: Note,
): Properties {
  const nothing: Json | null = null;
  const given = readOr<Json | null>(
    asObject,
    wire,
    nothing,
    `${place}.properties`,
    note,
  );
  const properties: Record<string, unknown> = {};
  for (const member of Object.keys(type.rules) as (keyof Properties &
    string)[]) {
    const rule = type.rules[member];
    const value = given && own(given, rule.key);
    const otherwise = type.defaults[member];
    properties[member] =
      value === null
        ? otherwise
        : readOr<unknown>(
            (wire) => readValue(rule, wire),
            value,
            otherwise,
            `${place}.${rule.key}`,
            note,
          );
  }
  return Object.freeze(properties) as Properties;
}

/** The type, its defaults guarded against change. */
function guarded<Type extends AnyExperienceType>(type: Type): Type {
  for (const value of Object.values(type.defaults)) {
    if (!(value instanceof Date)) Object.freeze(value);
  }
  Object.freeze(type.defaults);
  return type;
}
