import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App.tsx";
import { client, session } from "../mtspace/vod";

client.apiKey = import.meta.env["VITE_MTRIBES_KEY"];
client.sessionLock = false;
void session.start({ userId: "bjork" });

const root = createRoot(document.getElementById("root")!);
root.render(
  <StrictMode>
    <App unmount={() => root.unmount()} />
  </StrictMode>,
);
