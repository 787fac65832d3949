import { createApp } from "vue";
import App from "./App.vue";
import { useElement } from "./element";
import { i18n } from "./i18n";
import { tellError } from "./notice";
import { router } from "./router";
import { resume } from "./session";
import "./styles/tokens.css";
import "./styles/base.css";

const app = createApp(App);
useElement(app);
app.use(i18n);
// The session is asked for first, so that a reload lands on the page it was made on.
await resume().catch(tellError);
app.use(router);
app.mount("#app");
