/** The pages and the way in. Each is loaded when first opened; the desk is not left while a call is on. */
import { createRouter, createWebHashHistory } from "vue-router";
import { isTalking } from "./desk/deskStore";
import { i18n } from "./i18n";
import { tell } from "./notice";
import { has, homeOf, isAgent, me, onLeave, onlyDiscipline } from "./session";

export const router = createRouter({
  // Hash addresses: the engine serves one file and a reload works on every page.
  history: createWebHashHistory(),
  routes: [
    { path: "/login", name: "login", component: () => import("./login/LoginPage.vue") },
    { path: "/desk", name: "desk", component: () => import("./desk/DeskPage.vue") },
    { path: "/tickets", name: "tickets", component: () => import("./department/DepartmentPage.vue") },
    { path: "/figures", name: "figures", component: () => import("./figures/FiguresPage.vue") },
    { path: "/live", name: "live", component: () => import("./supervisor/LivePage.vue") },
    { path: "/watchlist", name: "watchlist", component: () => import("./supervisor/WatchlistPage.vue") },
    { path: "/wallboard", name: "wallboard", component: () => import("./supervisor/WallPage.vue") },
    { path: "/dispatch", name: "dispatch", component: () => import("./oversight/DispatchPage.vue") },
    { path: "/review", name: "review", component: () => import("./oversight/ReviewPage.vue") },
    { path: "/quality", name: "quality", component: () => import("./oversight/QualityPage.vue") },
    { path: "/supervision", name: "supervision", component: () => import("./oversight/SupervisionPage.vue") },
    { path: "/assessment", name: "assessment", component: () => import("./oversight/AssessmentPage.vue") },
    { path: "/projects", name: "projects", component: () => import("./oversight/ProjectsPage.vue") },
    { path: "/dossiers", name: "dossiers", component: () => import("./oversight/DossierPage.vue") },
    { path: "/visits", redirect: () => (has("supervisor", "inspector", "admin") ? "/visits/robot" : "/visits/hand") },
    { path: "/visits/robot", name: "visitsRobot", component: () => import("./visits/RobotPage.vue") },
    { path: "/visits/results", name: "visitsResults", component: () => import("./visits/ResultsPage.vue") },
    { path: "/visits/hand", name: "visitsHand", component: () => import("./visits/HandPage.vue") },
    { path: "/visits/messages", name: "visitsMessages", component: () => import("./visits/SmsPage.vue") },
    { path: "/visits/campaigns", name: "visitsCampaigns", component: () => import("./visits/CampaignsPage.vue") },
    { path: "/discipline", name: "discipline", component: () => import("./oversight/DisciplinePage.vue") },
    { path: "/:rest(.*)*", redirect: () => (me.value ? homeOf(me.value) : "/login") },
  ],
});

function mayOpen(name: unknown): boolean {
  if (name === "desk") return isAgent.value;
  if (name === "live" || name === "wallboard") return has("supervisor", "admin");
  if (name === "watchlist") return has("supervisor", "inspector", "admin");
  if (name === "dispatch") return has("supervisor");
  if (name === "review") return has("supervisor", "inspector");
  if (name === "tickets") return !onlyDiscipline();
  if (name === "discipline") return has("discipline");
  if (name === "quality") return !onlyDiscipline();
  if (name === "supervision" || name === "assessment" || name === "projects") return has("department", "supervisor", "inspector", "admin");
  if (name === "dossiers") return has("department", "supervisor", "inspector", "admin", "discipline");
  if (name === "visitsHand") return has("agent", "supervisor");
  if (String(name).startsWith("visits")) return has("supervisor", "inspector", "admin");
  if (name === "figures") return has("supervisor", "inspector", "admin", "department");
  return true;
}

router.beforeEach((to, from) => {
  if (me.value === null) return to.name === "login" ? true : { name: "login" };
  if (to.name === "login" || !mayOpen(to.name)) return homeOf(me.value);
  // The list of return visits shows the call too.
  if (from.name === "desk" && to.name !== "desk" && to.name !== "visitsHand" && isTalking.value) {
    tell(i18n.global.t("error.leaving"), "warning");
    return false;
  }
  return true;
});

onLeave(() => void router.replace({ name: "login" }));

window.addEventListener("beforeunload", (event) => {
  if (isTalking.value) event.preventDefault();
});
