// One series: its frames to leaf through, size, calibration, how far it is annotated, and what can be done with it.

import { useSignal } from "@preact/signals";
import { asApiError } from "../../protocol/errors";
import type { Project, Series } from "../../protocol/rest";
import { counted, interval, pixelSize } from "../../state/format";
import { archiveSeries, deleteSeries, renameSeries, restoreSeries } from "../../state/projects/effects";
import { mayChange } from "../../state/projects/store";
import { Badge } from "../../ui/Badge";
import { ConfirmDialog } from "../../ui/ConfirmDialog";
import { ExportDialog } from "../../ui/ExportDialog";
import { Icon } from "../../ui/icons";
import { Menu, type MenuEntry } from "../../ui/Menu";
import { NameDialog } from "../../ui/NameDialog";
import { routePath } from "../../ui/router";
import { showToast } from "../../ui/Toast";
import { LastChange } from "../lists/LastChange";
import { Progress, Waiting } from "../lists/Progress";
import { Thumbnail } from "../lists/Thumbnail";

const depths = { uint8: "8 bit", uint16: "16 bit", float32: "32-bit float" } as const;

export function SeriesCard({ series, project }: { series: Series; project: Project }) {
  const asks = useSignal<"rename" | "export" | "delete" | null>(null);
  const ask = (what: "rename" | "export" | "delete") => () => {
    asks.value = what;
  };
  const close = () => {
    asks.value = null;
  };
  const done = (action: Promise<unknown>, text: string) =>
    action.then(
      () => showToast("success", text),
      (cause) => showToast("danger", asApiError(cause).message),
    );
  const href = routePath({ page: "annotator", series: series.id, frame: undefined });
  const archived = series.archived_at !== null;
  const entries = (): MenuEntry[] => {
    const manages = mayChange(project, "manager");
    const list: MenuEntry[] = [{ label: "Open", icon: "cursor", href }];
    if (!archived && mayChange(project, "annotator")) {
      list.push({ label: "Rename…", icon: "edit", onChoose: ask("rename") });
    }
    list.push({ label: "Export…", icon: "download", onChoose: ask("export") });
    if (manages && !archived) {
      const archive = () => void done(archiveSeries(series.id), `${series.name} is in the archive.`);
      list.push("separator", { label: "Archive", icon: "archive", onChoose: archive });
    }
    if (manages && archived) {
      const restore = () => void done(restoreSeries(series.id), `${series.name} is back.`);
      list.push("separator", { label: "Restore", icon: "undo", onChoose: restore });
      list.push({ label: "Delete…", icon: "trash", danger: true, onChoose: ask("delete") });
    }
    return list;
  };
  return (
    <li class="card">
      <Thumbnail series={series.id} frames={series.frames} />
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
          <Waiting proposals={series.proposals} />
          {archived && <Badge icon="archive">archived</Badge>}
        </div>
        <div class="card-foot">
          <Progress of={series} />
        </div>
        <LastChange of={series} made="imported" />
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
