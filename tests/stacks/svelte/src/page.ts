import { mount, unmount } from "svelte";
import App from "./App.svelte";
import { client, session } from "./mtspace/vod";

client.apiKey = "pk_svelte";
client.sessionLock = false;
void session.start({ userId: "u1" });
const app = mount(App, { target: document.body });
document.addEventListener("leave", () => void unmount(app));
