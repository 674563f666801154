// A source whose listeners are counted: what a view still listens to after it is gone is a leak.
interface Source {
  readonly onChange: (listener: () => void) => () => void;
}

export const listeners = { count: 0 };

export function counted<One extends Source>(source: One): One {
  const onChange: Source["onChange"] = (listener) => {
    const stop = source.onChange(listener);
    listeners.count += 1;
    return () => {
      listeners.count -= 1;
      stop();
    };
  };
  return Object.create(source, { onChange: { value: onChange } }) as One;
}
