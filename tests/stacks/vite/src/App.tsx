import { collections } from "../mtspace/vod";
import { useExperience, useSection, useSession } from "../mtspace/vod/react";

export function App({ unmount }: { unmount: () => void }) {
  const { header, body } = collections.homepage;
  const { status } = useSession();
  const { properties } = useExperience(header);
  const { items } = useSection(body);
  return (
    <main data-status={status}>
      <h1 style={{ background: properties.background.value ?? "none" }}>
        {String(properties.background.value)}
      </h1>
      <ul>
        {items.map((item) => (
          <li key={item.id}>{item.kind}</li>
        ))}
      </ul>
      <button onClick={() => header.track("header/clicked")}>Track</button>
      <button id="leave" onClick={unmount}>
        Leave
      </button>
    </main>
  );
}
