// A page that reads flags by npm's web provider and by React; tests drive it through `window.app`.

import { OFREPWebProvider } from "@openfeature/ofrep-web-provider";
import { OpenFeature, OpenFeatureProvider, ProviderEvents, useFlag } from "@openfeature/react-sdk";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

const READ = {
  boolean: "getBooleanDetails",
  string: "getStringDetails",
  number: "getNumberDetails",
  object: "getObjectDetails",
};
const told = [];
let renders = 0;

for (const event of Object.values(ProviderEvents)) {
  OpenFeature.addHandler(event, (details) =>
    told.push({ event, message: details?.message, flags: details?.flagsChanged }),
  );
}

function Header() {
  renders += 1;
  const { value } = useFlag("homepage.header.background", { value: "none" });
  return <p id="background">{value.value}</p>;
}

window.app = {
  told,
  renders: () => renders,
  async start(baseUrl, key, context, options = {}) {
    const headers = [["Authorization", `Bearer ${key}`]];
    await OpenFeature.setContext(context);
    const outcome = OpenFeature.setProviderAndWait(new OFREPWebProvider({ baseUrl, headers, ...options }));
    return outcome.then(
      () => "ready",
      (error) => `${error.name}: ${error.code}`,
    );
  },
  be: (context) => OpenFeature.setContext(context),
  status: () => OpenFeature.getClient().providerStatus,
  read(flags) {
    const client = OpenFeature.getClient();
    return Object.fromEntries(
      flags.map(([flag, kind, otherwise]) => {
        const { value, reason, variant, errorCode } = client[READ[kind]](flag, otherwise);
        return [flag, { value, reason, variant, errorCode }];
      }),
    );
  },
  render() {
    const root = document.body.appendChild(document.createElement("div"));
    createRoot(root).render(
      <StrictMode>
        <OpenFeatureProvider>
          <Header />
        </OpenFeatureProvider>
      </StrictMode>,
    );
  },
  close: () => OpenFeature.close(),
};
