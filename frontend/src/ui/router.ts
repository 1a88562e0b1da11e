// The address bar as state: one signal, real paths (the server answers index.html for each of them).

import { signal } from "@preact/signals";

export type Route =
  | { page: "projects" }
  | { page: "sign-in"; next: string }
  | { page: "project"; project: string; tab: ProjectTab }
  | { page: "models"; project: string; place: ModelsPlace }
  | { page: "annotator"; series: string; frame: number | undefined }
  | { page: "missing"; path: string };

export const projectTabs = ["series", "jobs", "phases", "members", "settings"] as const;
export type ProjectTab = (typeof projectTabs)[number];

/** Where one is in a project's models. */
export type ModelsPlace =
  | { part: "list"; version: string | undefined }
  | { part: "train"; job: string | undefined; model?: string }
  | { part: "threshold"; version: string | undefined; series: string | undefined; frame: number | undefined }
  | { part: "compare"; job: string | undefined; frame: number | undefined };

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
  if (room === "projects" && id !== undefined && tab === "models") {
    const place = modelsPlace(parts.slice(3), query);
    if (place !== undefined) return { page: "models", project: decodeURIComponent(id), place };
  }
  if (room === "series" && id !== undefined && parts.length === 2) {
    return { page: "annotator", series: decodeURIComponent(id), frame: frameIndex(query.get("frame")) };
  }
  return { page: "missing", path };
}

function modelsPlace([part, job, ...more]: string[], query: URLSearchParams): ModelsPlace | undefined {
  if (more.length > 0) return undefined;
  const known = job === undefined ? undefined : decodeURIComponent(job);
  const version = query.get("version") ?? undefined;
  const frame = frameIndex(query.get("frame"));
  if (part === undefined) return { part: "list", version };
  if (part === "train") {
    const model = query.get("model");
    return { part, job: known, ...(model === null ? {} : { model }) };
  }
  if (part === "compare") return { part, job: known, frame };
  if (part === "threshold" && job === undefined)
    return { part, version, series: query.get("series") ?? undefined, frame };
  return undefined;
}

function modelsPath(place: ModelsPlace): string {
  const { part, ...rest } = place;
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(rest)) {
    if (name !== "job" && value !== undefined) query.set(name, String(value));
  }
  const job = "job" in place && place.job !== undefined ? `/${encodeURIComponent(place.job)}` : "";
  const search = query.size === 0 ? "" : `?${query}`;
  return `/models${part === "list" ? "" : `/${part}`}${job}${search}`;
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
    case "models":
      return `/projects/${encodeURIComponent(route.project)}${modelsPath(route.place)}`;
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

/** `stay`: the page is the same one, and does not scroll up. */
export function navigate(to: Route | string, { replace = false, stay = false } = {}): void {
  const path = typeof to === "string" ? to : routePath(to);
  if (replace) window.history.replaceState(null, "", path);
  else window.history.pushState(null, "", path);
  readAddress();
  if (!stay) window.scrollTo(0, 0);
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
