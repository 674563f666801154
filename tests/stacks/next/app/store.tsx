"use client";

import { useEffect, useState } from "react";
import { createSpace, type Snapshot } from "../mtspace/vod";
import {
  SpaceProvider,
  useExperience,
  useSession,
  useSpace,
} from "../mtspace/vod/react";

export function Store({ snapshot }: { snapshot: Snapshot | null }) {
  const [space] = useState(() =>
    createSpace({ apiKey: "pk_next", bootstrap: snapshot }),
  );
  useEffect(() => {
    space.client.sessionLock = false;
    return () => {
      space.client.sessionLock = true;
    };
  }, [space]);
  return (
    <SpaceProvider space={space}>
      <Welcome />
    </SpaceProvider>
  );
}

function Welcome() {
  const { welcome } = useSpace().collections.onboarding;
  const { properties } = useExperience(welcome);
  const { status } = useSession();
  const [ready, setReady] = useState(false);
  useEffect(() => setReady(true), []);
  return (
    <p data-status={status} data-ready={ready}>
      {properties.label}
    </p>
  );
}
