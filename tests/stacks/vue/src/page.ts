import { createApp } from "vue";
import App from "./App.vue";
import { client, session } from "./mtspace/vod";

client.apiKey = "pk_vue";
client.sessionLock = false;
void session.start({ userId: "u1" });
const app = createApp(App);
app.mount("#app");
document.addEventListener("leave", () => app.unmount());
