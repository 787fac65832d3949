/** Who is signed in, and what that starts: the live feed for everybody, desk and leg for agents. */
import { computed, shallowRef } from "vue";
import { asApiError, whenSignedOut } from "./api/client";
import { api } from "./api/endpoints";
import type { Me, Role } from "./api/types";
import { startDesk, stopDesk } from "./desk/deskStore";
import { forgetUnsent } from "./desk/unsent";
import { feed } from "./feed";
import { startLive, stopLive } from "./supervisor/liveStore";

export const me = shallowRef<Me | null>(null);
export const has = (...roles: Role[]): boolean => me.value?.roles.some((role) => roles.includes(role)) ?? false;
export const isAgent = computed(() => has("agent") && me.value?.seat !== null);

/** Who opens sealed referrals and works on nothing else. */
export const onlyDiscipline = (): boolean => has("discipline") && !has("agent", "supervisor", "department", "inspector", "admin");

/** The page a person starts on. */
export function homeOf(person: Me): string {
  if (person.roles.includes("agent") && person.seat !== null) return "/desk";
  if (person.roles.includes("supervisor") || person.roles.includes("admin")) return "/live";
  if (person.roles.every((role) => role === "discipline")) return "/discipline";
  return "/tickets";
}

/** Ask the engine who we are (the cookie knows). Quiet when nobody is signed in; throws when it cannot be asked. */
export async function resume(): Promise<void> {
  try {
    enter(await api.me());
  } catch (error) {
    if (asApiError(error).status !== 401) throw error;
  }
}

export async function login(account: string, password: string): Promise<Me> {
  const person = await api.login(account, password);
  enter(person);
  return person;
}

export async function logout(): Promise<void> {
  leave();
  forgetUnsent();
  await api.logout();
}

function enter(person: Me): void {
  me.value = person;
  if (isAgent.value) startDesk();
  if (has("supervisor", "admin")) startLive();
  feed.start();
}

function leave(): void {
  feed.stop();
  stopDesk();
  stopLive();
  me.value = null;
}

/** Set by the router: where to go when the session is over. */
let toLogin: () => void = () => undefined;

export function onLeave(handler: () => void): void {
  toLogin = handler;
}

function signedOut(): void {
  if (me.value === null) return;
  leave();
  toLogin();
}

whenSignedOut(signedOut);
feed.onSignedOut = signedOut;
