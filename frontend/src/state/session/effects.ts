// Signs in and out, keeps tokens, and notices when the server is gone or the session has ended.

import * as api from "../../protocol/api";
import { watchRequests } from "../../protocol/request";
import type { NewApiToken } from "../../protocol/rest";
import { failed, loading, mapReady, ready } from "../remote";
import { reachable, session, tokens } from "./store";

const RETRY_MS = 3000;

/** Watches every request, then asks who is signed in. */
export function startSession(): Promise<void> {
  watchRequests((outcome) => {
    if (outcome === "unreachable") {
      if (reachable.value) setTimeout(retry, RETRY_MS);
      reachable.value = false;
    } else {
      reachable.value = true;
    }
    if (outcome === "signed-out" && session.value.status === "ready") session.value = ready(null);
  });
  return loadSession();
}

export async function loadSession(): Promise<void> {
  try {
    session.value = ready((await api.getSession()).user);
  } catch (cause) {
    if (session.value.status !== "ready") session.value = failed(cause);
  }
}

async function retry(): Promise<void> {
  await loadSession();
  if (!reachable.value) setTimeout(retry, RETRY_MS);
}

export async function signIn(username: string, password: string): Promise<void> {
  session.value = ready((await api.signIn(username, password)).user);
}

export async function signOut(): Promise<void> {
  await api.signOut();
  session.value = ready(null);
}

export async function loadTokens(): Promise<void> {
  tokens.value = loading;
  try {
    tokens.value = ready(await api.listTokens());
  } catch (cause) {
    tokens.value = failed(cause);
  }
}

/** The answer holds the token itself, which nobody can read again. */
export async function createToken(name: string): Promise<NewApiToken> {
  const created = await api.createToken(name);
  const { token: _secret, ...kept } = created;
  tokens.value = mapReady(tokens.value, (all) => [...all, kept]);
  return created;
}

export async function deleteToken(id: string): Promise<void> {
  await api.deleteToken(id);
  tokens.value = mapReady(tokens.value, (all) => all.filter((token) => token.id !== id));
}
