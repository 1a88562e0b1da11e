// A component whose code is loaded when it is first shown.

import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { Button } from "./Button";
import { EmptyState } from "./EmptyState";

/** Preact's own `lazy` lives in preact/compat, which changes how events and attributes work everywhere. */
export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  const loaded = signal<{ component: ComponentType<P> } | "failed" | null>(null);
  const fetchOnce = async () => {
    try {
      loaded.value = { component: await load() };
    } catch {
      loaded.value = "failed";
    }
  };
  return function Lazy(props: P) {
    const state = loaded.value;
    useEffect(() => {
      if (state === null) void fetchOnce();
    }, [state]);
    if (state === null) return null;
    if (state === "failed") return <NotLoaded />;
    const { component: Component } = state;
    return <Component {...props} />;
  };
}

/** A tab that is older than the server asks for files that are gone. A browser keeps a failed import: only reloading helps. */
function NotLoaded() {
  return (
    <main class="page-message">
      <EmptyState
        icon="refresh"
        title="This part could not be loaded"
        action={
          <Button tone="primary" onClick={() => window.location.reload()}>
            Reload the page
          </Button>
        }
      >
        The connection is broken, or Graticule was updated since this tab was opened.
      </EmptyState>
    </main>
  );
}
