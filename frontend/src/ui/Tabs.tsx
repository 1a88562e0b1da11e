// Links between the parts of one page; each part has its own address.

import "./data.css";

export interface Tab {
  href: string;
  label: string;
  count?: number | undefined;
}

export function Tabs({ label, tabs, current }: { label: string; tabs: readonly Tab[]; current: string }) {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map((tab) => (
        <a
          key={tab.href}
          class="tab"
          href={tab.href}
          {...(tab.href === current ? { "aria-current": "page" } : {})}
        >
          {tab.label}
          {tab.count !== undefined && <span class="tab-count">{tab.count}</span>}
        </a>
      ))}
    </nav>
  );
}
