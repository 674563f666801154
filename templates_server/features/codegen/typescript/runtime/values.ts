/** A colour: `value` is `#rrggbb`, or null when unset; `opacity` lies in 0..1. */
export interface Color {
  readonly value: string | null;
  readonly opacity: number;
}

/** How a property is called on the wire, unless as its member, and what it may hold. */
export interface PropertyRule {
  readonly key?: string;
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

/** The message is for what an app gives; that of a server's answer nobody reads. */
function ensure(holds: unknown, message?: string): asserts holds {
  if (!holds) throw new Nonsense(message);
}

type Json = Readonly<Record<string, unknown>>;

function asObject(value: unknown): Json {
  ensure(
    value && typeof value === "object" && !Array.isArray(value),
    "not an object",
  );
  return value as Json;
}

function asArray(value: unknown): readonly unknown[] {
  ensure(Array.isArray(value));
  return value;
}

function asString(value: unknown): string {
  ensure(typeof value === "string", "not a text");
  return value;
}

function asBoolean(value: unknown): boolean {
  ensure(typeof value === "boolean");
  return value;
}

function asNumber(value: unknown): number {
  ensure(Number.isFinite(value), "not a number");
  return value as number;
}

function asColor(wire: unknown): Color {
  const color = asObject(wire);
  const value = (own(color, "value") ?? null) as string | null;
  const opacity = asNumber(own(color, "opacity") ?? 1);
  ensure(value === null || /^#[0-9a-f]{6}$/i.test(asString(value)));
  ensure(opacity >= 0 && opacity <= 1);
  return Object.freeze({ value, opacity });
}

function asDate(value: unknown): Date {
  const text = asString(value);
  const date = new Date(text);
  ensure(/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text) && !isNaN(+date));
  return date;
}

/** How the types of properties are read. */
const READERS: Readonly<
  Record<
    PropertyRule["type"],
    (value: unknown, options: readonly unknown[]) => unknown
  >
> = {
  text: asString,
  image: asString,
  number: asNumber,
  toggle: asBoolean,
  color: asColor,
  date: asDate,
  list: (value) => Object.freeze(asArray(value).map(asString)),
  select(value, options) {
    ensure(value === "" || options.includes(value));
    return value;
  },
};

function own(object: Json, key: string): unknown {
  return {}.hasOwnProperty.call(object, key) ? object[key] : undefined;
}

/** Takes note of what cannot be used: where it stands, and what it is. */
type Note = (place: string, value: unknown) => void;

/** Such as `homepage.body[1].layout: "tall"`. */
function unknownEntry(place: string, value: unknown): string {
  const write = (value: unknown) => JSON.stringify(value) ?? "missing";
  const text = readOr(write, value, "too deep", place, () => {});
  return visible(`${place}: ${text}`.slice(0, LONGEST_UNKNOWN));
}

/** Without what nobody sees, would be a line of its own in a log, or is an order to a terminal. */
function visible(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "\ufffd");
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
  { rules, defaults }: ExperienceType<string, Properties>,
  wire: unknown,
  place: string,
  note: Note,
): Properties {
  const given = readOr<Json | null>(
    asObject,
    wire,
    null,
    `${place}.properties`,
    note,
  );
  const properties: Record<string, unknown> = {};
  for (const [member, rule] of Object.entries<PropertyRule>(rules)) {
    const { key = member, type, options = [] } = rule;
    const value = given && own(given, key);
    const otherwise: unknown = defaults[member as keyof Properties];
    properties[member] =
      value === null
        ? otherwise
        : readOr<unknown>(
            (wire) => READERS[type](wire, options),
            value,
            otherwise,
            `${place}.${key}`,
            note,
          );
  }
  return Object.freeze(properties) as Properties;
}

/** The type, its defaults guarded against change. */
function guarded<Type extends AnyExperienceType>(type: Type): Type {
  Object.values(type.defaults).forEach(Object.freeze);
  Object.freeze(type.defaults);
  return type;
}
