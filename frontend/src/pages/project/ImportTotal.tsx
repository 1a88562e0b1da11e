// All files on their way together: how far, how fast, how long.

import { counted, duration, fileSize } from "../../state/format";
import { pauseAll } from "../../state/imports/effects";
import { onTheirWay, rate } from "../../state/imports/store";
import { Button } from "../../ui/Button";
import { ProgressBar } from "../../ui/ProgressBar";

export function ImportTotal({ project }: { project: string }) {
  const { files, sent, total } = onTheirWay.value;
  const open = files.filter((file) => file.upload === null && file.error === null);
  if (open.length === 0) return null;
  const paused = open.every((file) => file.paused);
  const waiting = open.find((file) => file.waiting !== null)?.waiting;
  const there = files.length - open.length;
  return (
    <div class="import-total">
      <div class="import-text">
        <strong>
          {there} of {counted(files.length, "file")} sent
        </strong>
        <span class="muted" role="status">
          {fileSize(sent)} of {fileSize(total)}
          {paused ? " · paused" : waiting ? ` · ${waiting}; goes on by itself` : paceOf(total - sent)}
        </span>
      </div>
      <ProgressBar label="All files" value={total === 0 ? undefined : sent / total} />
      <Button icon={paused ? "play" : "pause"} onClick={() => pauseAll(project, !paused)}>
        {paused ? "Go on" : "Pause all"}
      </Button>
    </div>
  );
}

function paceOf(left: number): string {
  const speed = rate.value;
  if (speed === null) return "";
  if (speed < 1) return " · nothing moves";
  return ` · ${fileSize(speed)}/s · ${duration(Math.max(1, Math.round(left / speed)))} left`;
}
