// Who is signed in, and whether the server answers.

import { computed, signal } from "@preact/signals";
import type { ApiToken, User } from "../../protocol/rest";
import { loading, type Remote, readyValue } from "../remote";

/** Ready with null: nobody is signed in. */
export const session = signal<Remote<User | null>>(loading);
export const user = computed(() => readyValue(session.value) ?? null);

export const reachable = signal(true);

export const tokens = signal<Remote<readonly ApiToken[]>>(loading);
