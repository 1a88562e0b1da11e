// The person's own things: theme, API tokens, signing out.

import { useSignal } from "@preact/signals";
import { asApiError } from "../../protocol/errors";
import type { User } from "../../protocol/rest";
import { seriesToAnnotate } from "../../state/projects/effects";
import { signOut } from "../../state/session/effects";
import { tourAsked } from "../../state/session/tour";
import { type Theme, theme } from "../../theme/theme";
import { Avatar } from "../../ui/Avatar";
import type { IconName } from "../../ui/icons";
import { Menu, type MenuItem } from "../../ui/Menu";
import { navigate, route } from "../../ui/router";
import { showToast } from "../../ui/Toast";
import { TokensDialog } from "./TokensDialog";

const themeItem = (name: Theme, label: string, icon: IconName): MenuItem => ({
  label,
  icon,
  checked: theme.value === name,
  onChoose: () => {
    theme.value = name;
  },
});

/** In the annotator that is open, else in that of a series that the person may annotate. */
async function beginTour(): Promise<void> {
  if (route.value.page !== "annotator") {
    const series = await seriesToAnnotate();
    if (series === null) {
      showToast(
        "warning",
        "The tour takes place in a series. Import one into a project, then begin it again.",
      );
      return;
    }
    navigate({ page: "annotator", series, frame: undefined });
  }
  tourAsked.value = true;
}

export function AccountMenu({ user }: { user: User }) {
  const showsTokens = useSignal(false);
  const leave = () => signOut().catch((cause) => showToast("danger", asApiError(cause).message));
  const tour = () => beginTour().catch((cause) => showToast("danger", asApiError(cause).message));
  return (
    <>
      <Menu
        label={`Account of ${user.name}`}
        buttonClass="account-button"
        entries={[
          { heading: user.name === user.username ? user.name : `${user.name} (${user.username})` },
          "separator",
          { heading: "Theme" },
          themeItem("system", "As the system", "system"),
          themeItem("light", "Light", "sun"),
          themeItem("dark", "Dark", "moon"),
          "separator",
          { label: "Tour of the annotator", icon: "info", onChoose: tour },
          {
            label: "API tokens…",
            icon: "key",
            onChoose: () => {
              showsTokens.value = true;
            },
          },
          { label: "Sign out", icon: "sign-out", onChoose: leave },
        ]}
      >
        <Avatar name={user.name} size={26} />
      </Menu>
      {showsTokens.value && (
        <TokensDialog
          onClose={() => {
            showsTokens.value = false;
          }}
        />
      )}
    </>
  );
}
