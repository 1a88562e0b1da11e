// Grey values along the profile's line, read from the full resolution, plotted and to be taken away as a table.

import { useEffect, useMemo } from "preact/hooks";
import { distance, type ProfileSample, profileAlong, profileCsv } from "../../../geometry/measures";
import { toScreen } from "../../../geometry/viewport";
import type { Pixels } from "../../../render/chunks";
import { profileTiles, tilePixels } from "../../../render/profile_pixels";
import type { Profile } from "../../../state/annotator/model";
import { calibrationOf } from "../../../state/annotator/view";
import { WIDEST_PROFILE } from "../../../state/annotator/viewing";
import { Button, IconButton } from "../../../ui/Button";
import { type Line, LineChart } from "../../../ui/LineChart";
import { showToast } from "../../../ui/Toast";
import { startPictures } from "../pictures";
import { useView, useWorkspace } from "../workspace";
import { saveFile } from "./save_file";

export function ProfileCard() {
  const profile = useView((state) => state.profile);
  return profile === null || distance(profile.from, profile.to) === 0 ? null : <Card profile={profile} />;
}

function Card({ profile }: { profile: Profile }) {
  const workspace = useWorkspace();
  const { dispatch, drawn, viewport } = workspace;
  const series = useView((state) => state.series);
  const calibration = useView(calibrationOf);
  const { frame } = drawn.value;
  const pictures = useMemo(() => startPictures(workspace), [workspace]);
  useEffect(() => () => pictures.close(), [pictures]);
  useEffect(() => pictures.want("profile", profileTiles(series, profile, frame)), [profile, frame]);
  const loaded = pictures.loaded.value;

  const samples = useMemo(() => {
    const pixelsOf = (row: number, column: number): Pixels | undefined =>
      pictures.pixelsOf({ level: 0, frame, row, column });
    return profileAlong(profile.from, profile.to, profile.width, series, tilePixels(series.pixels, pixelsOf));
  }, [profile, frame, loaded]);

  const step = calibration.pixel_size ?? 1;
  const unit = calibration.pixel_size === null ? "px" : calibration.unit;
  const table = () => profileCsv(samples ?? [], step, unit);
  const middle = { x: profile.from.x, y: (profile.from.y + profile.to.y) / 2 };
  const inUpperHalf = toScreen(viewport.value, middle).y < viewport.value.height / 2; // the line stays in sight
  const name = `${series.name} frame ${frame + 1} profile.csv`;
  const change = (width: number) =>
    dispatch({ type: "view/profile", profile: { ...profile, width: Math.max(1, width) } });
  return (
    <section class={inUpperHalf ? "profile-card below" : "profile-card"} aria-label="Line profile">
      <header>
        <h2>Line profile, frame {frame + 1}</h2>
        <IconButton
          icon="close"
          label="Close the line profile"
          onClick={() => dispatch({ type: "view/profile", profile: null })}
        />
      </header>
      {samples === null ? (
        <p class="muted profile-waits">
          <span class="spinner" /> The full resolution is loading.
        </p>
      ) : (
        <LineChart
          label="Grey value"
          xTitle={`distance (${unit})`}
          yTitle="grey value"
          lines={linesOf(samples, step)}
          height={170}
        />
      )}
      <footer>
        <label title="Values are averaged over so many pixels across the line">
          Averaging width
          <input
            class="input"
            type="number"
            min={1}
            max={WIDEST_PROFILE}
            value={profile.width}
            onChange={(event) =>
              change(Math.min(WIDEST_PROFILE, Math.round(Number(event.currentTarget.value)) || 1))
            }
          />
          px
        </label>
        <Button
          icon="copy"
          disabled={samples === null}
          onClick={() =>
            navigator.clipboard.writeText(table()).then(
              () => showToast("success", "The profile is on the clipboard as a table."),
              () => showToast("danger", "The browser did not allow copying. Download the table instead."),
            )
          }
        >
          Copy
        </Button>
        <Button
          icon="download"
          disabled={samples === null}
          onClick={() => saveFile(new Blob([table()], { type: "text/csv" }), name)}
        >
          CSV
        </Button>
      </footer>
    </section>
  );
}

const COLOURS = ["red", "green", "blue"] as const;

function linesOf(samples: readonly ProfileSample[], step: number): Line[] {
  const channels = samples[0]?.values.length ?? 0;
  return Array.from({ length: channels }, (_, channel) => ({
    name: channels === 1 ? "grey value" : (COLOURS[channel] ?? ""),
    look: (channel + 1) as 1 | 2 | 3,
    points: samples.map(({ at_px, values }) => [at_px * step, values[channel] ?? 0] as const),
  }));
}
