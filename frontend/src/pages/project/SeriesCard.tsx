// One series: its image, size, calibration and how far it is annotated.

import { useSignal } from "@preact/signals";
import { thumbnailUrl } from "../../protocol/addresses";
import type { Role, Series } from "../../protocol/rest";
import { counted, interval, pixelSize } from "../../state/format";
import { deleteSeries, renameSeries } from "../../state/projects/effects";
import { mayAs } from "../../state/projects/store";
import { Badge } from "../../ui/Badge";
import { ConfirmDialog } from "../../ui/ConfirmDialog";
import { ExportDialog } from "../../ui/ExportDialog";
import { Icon } from "../../ui/icons";
import { Menu, type MenuEntry } from "../../ui/Menu";
import { NameDialog } from "../../ui/NameDialog";
import { ProgressBar } from "../../ui/ProgressBar";
import { routePath } from "../../ui/router";

const depths = { uint8: "8 bit", uint16: "16 bit", float32: "32-bit float" } as const;

export function SeriesCard({ series, role }: { series: Series; role: Role }) {
  const asks = useSignal<"rename" | "export" | "delete" | null>(null);
  const ask = (what: "rename" | "export" | "delete") => () => {
    asks.value = what;
  };
  const close = () => {
    asks.value = null;
  };
  const href = routePath({ page: "annotator", series: series.id, frame: undefined });
  const entries: MenuEntry[] = [{ label: "Open", icon: "cursor", href }];
  if (mayAs(role, "annotator")) entries.push({ label: "Rename…", icon: "edit", onChoose: ask("rename") });
  entries.push({ label: "Export…", icon: "download", onChoose: ask("export") });
  if (mayAs(role, "manager")) {
    entries.push("separator", { label: "Delete…", icon: "trash", danger: true, onChoose: ask("delete") });
  }
  return (
    <li class="card">
      <div class="card-image">
        <img src={thumbnailUrl(series.id)} alt="" loading="lazy" />
      </div>
      <div class="card-body">
        <div class="card-head">
          <a class="card-link" href={href} title={series.name}>
            {series.name}
          </a>
          <Menu label={`Actions for ${series.name}`} entries={entries}>
            <Icon name="dots" />
          </Menu>
        </div>
        <p class="muted">
          {counted(series.frames, "frame")} · {series.width} × {series.height} · {depths[series.dtype]}
        </p>
        <div class="badges">
          <CalibrationBadge series={series} />
          {series.channels > 1 && <Badge>colour</Badge>}
        </div>
        <div class="card-foot">
          <span class="annotated">
            {series.annotated_frames} of {counted(series.frames, "frame")} annotated
            <ProgressBar label="Annotated frames" value={series.annotated_frames / series.frames} />
          </span>
        </div>
      </div>
      {asks.value === "rename" && (
        <NameDialog
          title="Rename series"
          label="Name"
          confirm="Rename"
          name={series.name}
          onName={(name) => renameSeries(series.id, name)}
          onClose={close}
        />
      )}
      {asks.value === "export" && <ExportDialog series={series} version={null} onClose={close} />}
      {asks.value === "delete" && (
        <ConfirmDialog
          title="Delete series"
          confirm="Delete series"
          typed={series.name}
          onConfirm={() => deleteSeries(series.id)}
          onClose={close}
        >
          <p>
            Its {counted(series.frames, "frame")}, every annotation and every version go for good. Nobody can
            bring them back.
          </p>
        </ConfirmDialog>
      )}
    </li>
  );
}

function CalibrationBadge({ series: { calibration } }: { series: Series }) {
  const size = pixelSize(calibration);
  const frameTime = calibration.frame_interval_s;
  return (
    <>
      {size === null ? (
        <Badge
          tone="warning"
          icon="ruler"
          title="Sizes are in pixels until the pixel size is set in the annotator."
        >
          not calibrated
        </Badge>
      ) : (
        <Badge icon="ruler" title={`Pixel size, according to: ${calibration.source}`}>
          {size}
        </Badge>
      )}
      {frameTime !== null && (
        <Badge icon="clock" title="Time from frame to frame">
          {interval(frameTime)}
        </Badge>
      )}
    </>
  );
}
