/** A colour: `value` is `#rrggbb`, or null when unset; `opacity` lies in 0..1. */
export interface Color {
  readonly value: string | null;
  readonly opacity: number;
}

/** A property: how what is sent is read, its default, its key unless that is its member's name, and its options. */
export type PropertyRule<Value> = readonly [
  read: (value: unknown, options: readonly string[]) => unknown,
  initial: Value,
  key?: string,
  options?: readonly string[],
];

/** A type of experience, as the code generated for it describes it. */
export interface ExperienceType<Kind extends string, Properties> {
  readonly kind: Kind;
  readonly properties: {
    readonly [Member in keyof Properties]: PropertyRule<Properties[Member]>;
  };
}

/** Any type of experience. */
export type AnyExperienceType = ExperienceType<string, any>;

/** A type of section: the types of experience that its items may have. */
export type SectionType = readonly AnyExperienceType[];

/** A collection: which entity each of its children is, and of which type. */
export type CollectionType<Children> = {
  readonly [Member in keyof Children]: ChildType;
};

export type ChildType = readonly [
  entity: string,
  type: AnyExperienceType | SectionType,
];

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

/**
 * For a value that cannot be used: what is thrown is caught in here, and all
 * that a log line needs is why. Of a server's answer nobody reads that.
 */
function ensure(holds: unknown, why?: string): asserts holds {
  if (!holds) throw why;
}

type Json = Readonly<Record<string, unknown>>;

/** Guards what apps get against change. */
const freeze = <Value>(value: Value): Readonly<Value> => Object.freeze(value);

const asObject = (value: unknown): Json => {
  ensure(
    value && typeof value === "object" && !Array.isArray(value),
    "not an object",
  );
  return value as Json;
};

/** What is read of JSON that holds an object; null where that fails. */
const readJson = <Value>(
  text: string,
  read: (object: Json) => Value,
): Value | null => {
  try {
    return read(asObject(JSON.parse(text)));
  } catch {
    return null;
  }
};

const asArray = (value: unknown): readonly unknown[] => {
  ensure(Array.isArray(value));
  return value;
};

export const asString = (value: unknown): string => {
  ensure(typeof value === "string", "not a text");
  return value;
};

export const asBoolean = (value: unknown): boolean => {
  ensure(typeof value === "boolean");
  return value;
};

export const asNumber = (value: unknown): number => {
  ensure(Number.isFinite(value), "not a number");
  return value as number;
};

export const asColor = (wire: unknown): Color => {
  const color = asObject(wire);
  const value = (color["value"] ?? null) as string | null;
  const opacity = asNumber(color["opacity"] ?? 1);
  ensure(value === null || /^#[0-9a-f]{6}$/i.test(asString(value)));
  ensure(opacity >= 0 && opacity <= 1);
  return freeze({ value, opacity });
};

export const asDate = (value: unknown): Date => {
  const text = asString(value);
  const date = new Date(text);
  ensure(/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text) && !isNaN(+date));
  return date;
};

export const asTexts = (value: unknown): readonly string[] => {
  return freeze(asArray(value).map(asString));
};

export const asOption = (
  value: unknown,
  options: readonly string[],
): string => {
  const text = asString(value);
  ensure(text === "" || options.includes(text));
  return text;
};

/** Takes note of what cannot be used: where it stands, and what it is. */
type Note = (place: string, value: unknown) => void;

/** Such as `homepage.body[1].layout: "tall"`. */
const unknownEntry = (place: string, value: unknown): string => {
  const write = (value: unknown) => JSON.stringify(value) ?? "missing";
  const text = readOr(write, value, "too deep", place, () => {});
  return visible(`${place}: ${text}`.slice(0, LONGEST_UNKNOWN));
};

/** Without what nobody sees, would be a line of its own in a log, or is an order to a terminal. */
const visible = (text: string): string => {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "\ufffd");
};

/** The value as it is read, or else the other one. */
const readOr = <Value>(
  read: (value: unknown) => Value,
  value: unknown,
  otherwise: Value,
  place: string,
  note: Note,
): Value => {
  try {
    return read(value);
  } catch {
    note(place, value);
    return otherwise;
  }
};

/** The properties by member name; the default for what is not given, and for what cannot be used. */
const readProperties = <Properties>(
  { properties }: ExperienceType<string, Properties>,
  wire: unknown,
  place: string,
  note: Note,
): Properties => {
  const given = readOr<Json | null>(
    asObject,
    wire,
    null,
    `${place}.properties`,
    note,
  );
  return mapped(
    properties,
    ([read, initial, key, options = []]: PropertyRule<unknown>, member) => {
      const name = key ?? member;
      // What every object inherits, such as `constructor`, is no more of use than nothing.
      const value = given && given[name];
      return value === null
        ? initial
        : readOr(
            (wire) => read(wire, options),
            value,
            initial,
            `${place}.${name}`,
            note,
          );
    },
  );
};

/** A type of experience, and the default of each of its properties, guarded against change. */
interface Described extends AnyExperienceType {
  readonly defaults: unknown;
}

const described = (type: AnyExperienceType): Described => {
  const initialOf = ([, initial]: PropertyRule<unknown>) => freeze(initial);
  return { ...type, defaults: mapped(type.properties, initialOf) };
};

/** An object, guarded against change, with what the call makes of each member. */
const mapped = (
  object: object,
  call: (value: any, member: string) => unknown,
): any => {
  const entries = Object.entries(object);
  return freeze(
    Object.fromEntries(
      entries.map(([member, value]) => [member, call(value, member)]),
    ),
  );
};
