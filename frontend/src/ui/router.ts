// The address bar as state: one signal, real paths (the server answers index.html for each of them).

import { signal } from "@preact/signals";

export type Route =
  | { page: "projects" }
  | { page: "sign-in"; next: string }
  | { page: "project"; project: string; tab: ProjectTab }
  | { page: "annotator"; series: string; frame: number | undefined }
  | { page: "missing"; path: string };

export const projectTabs = ["series", "jobs", "phases", "members", "settings"] as const;
export type ProjectTab = (typeof projectTabs)[number];

/** Reads a path and its query. Unknown paths become `missing`, never an error. */
export function parseRoute(path: string, search = ""): Route {
  const query = new URLSearchParams(search);
  const parts = path.split("/").filter((part) => part !== "");
  const [room, id, tab] = parts;
  if (room === undefined) return { page: "projects" };
  if (room === "signin" && id === undefined) return { page: "sign-in", next: safeNext(query.get("next")) };
  if (room === "projects" && id !== undefined && parts.length <= 3) {
    const known = projectTabs.find((name) => name === (tab ?? "series"));
    if (known !== undefined) return { page: "project", project: decodeURIComponent(id), tab: known };
  }
  if (room === "series" && id !== undefined && parts.length === 2) {
    return { page: "annotator", series: decodeURIComponent(id), frame: frameIndex(query.get("frame")) };
  }
  return { page: "missing", path };
}

/** The path of a route; `parseRoute` reads it back. */
export function routePath(route: Route): string {
  switch (route.page) {
    case "projects":
      return "/";
    case "sign-in":
      return route.next === "/" ? "/signin" : `/signin?next=${encodeURIComponent(route.next)}`;
    case "project": {
      const base = `/projects/${encodeURIComponent(route.project)}`;
      return route.tab === "series" ? base : `${base}/${route.tab}`;
    }
    case "annotator": {
      const base = `/series/${encodeURIComponent(route.series)}`;
      return route.frame === undefined ? base : `${base}?frame=${route.frame}`;
    }
    case "missing":
      return route.path;
  }
}

/** Only paths of this site: `//host` and `/\host` would leave it. */
function safeNext(next: string | null): string {
  return next !== null && /^\/(?![/\\])/.test(next) ? next : "/";
}

function frameIndex(text: string | null): number | undefined {
  return text !== null && /^\d+$/.test(text) ? Number(text) : undefined;
}

export const route = signal<Route>({ page: "projects" });

const readAddress = () => {
  route.value = parseRoute(window.location.pathname, window.location.search);
};

/** Starts to follow the address bar and plain clicks on links of this site. Returns a function that stops. */
export function startRouter(): () => void {
  readAddress();
  window.addEventListener("popstate", readAddress);
  document.addEventListener("click", followLink);
  return () => {
    window.removeEventListener("popstate", readAddress);
    document.removeEventListener("click", followLink);
  };
}

export function navigate(to: Route | string, { replace = false } = {}): void {
  const path = typeof to === "string" ? to : routePath(to);
  if (replace) window.history.replaceState(null, "", path);
  else window.history.pushState(null, "", path);
  readAddress();
  window.scrollTo(0, 0);
}

function followLink(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (link === null || link.origin !== window.location.origin) return;
  if (link.target !== "" || link.hasAttribute("download") || link.pathname.startsWith("/api/")) return;
  event.preventDefault();
  navigate(link.pathname + link.search);
}
