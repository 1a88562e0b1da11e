// The bar above every page: where one is, what the page offers, and the account.

import type { ComponentChildren } from "preact";
import { reachable, user } from "../state/session/store";
import { Badge } from "../ui/Badge";
import { Icon } from "../ui/icons";
import { Logo } from "../ui/Logo";
import { AccountMenu } from "./account/AccountMenu";
import "./shell.css";

export interface Crumb {
  label: string;
  /** Without it: the place where one is. */
  href?: string;
}

export function TopBar({ crumbs, children }: { crumbs: readonly Crumb[]; children?: ComponentChildren }) {
  return (
    <header class="top-bar">
      <a class="home" href="/" aria-label="Graticule, all projects">
        <Logo />
        <span>Graticule</span>
      </a>
      <nav class="crumbs" aria-label="Where you are">
        {crumbs.map((crumb) => (
          <span key={crumb.label} class="crumb">
            <Icon name="chevron-right" size={12} />
            {crumb.href === undefined ? (
              <span aria-current="page">{crumb.label}</span>
            ) : (
              <a href={crumb.href}>{crumb.label}</a>
            )}
          </span>
        ))}
      </nav>
      <div class="top-bar-end">
        {children}
        {!reachable.value && (
          <Badge
            tone="warning"
            icon="warning"
            title="The server does not answer. Trying again every few seconds."
          >
            Offline
          </Badge>
        )}
        {user.value !== null && <AccountMenu user={user.value} />}
      </div>
    </header>
  );
}
