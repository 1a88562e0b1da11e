// The part of the display panel about what lies over the image: overview, neighbours, scale bar, rulers, pictures.

import { rulerText } from "../../../render/ruler_marks";
import type { Display } from "../../../state/annotator/model";
import { calibrationOf } from "../../../state/annotator/view";
import { Button, IconButton } from "../../../ui/Button";
import { Checkbox } from "../../../ui/Checkbox";
import { CommandKey } from "../command_keys";
import { useView, useWorkspace } from "../workspace";
import { ScaleBarSettings } from "./ScaleBarSettings";

export function ViewPart() {
  const { dispatch, dialog } = useWorkspace();
  const display = useView((state) => state.display);
  const several = useView((state) => state.series.frames > 1);
  const calibration = useView(calibrationOf);
  const beside = useView((state) => state.beside !== null);
  const frame = useView((state) => state.frame);
  const change = (values: Partial<Display>) => dispatch({ type: "display", change: values });
  const { scaleBar } = display;
  return (
    <>
      <h2 class="side-heading">View</h2>
      {several && (
        <Checkbox
          label="Outlines of the frames before and after"
          hint={
            <span class="neighbour-key">
              <span class="before">before</span> <span class="after">after</span>{" "}
              <CommandKey id="view.neighbours" />
            </span>
          }
          checked={display.neighbours}
          onValue={(neighbours) => change({ neighbours })}
        />
      )}
      <Checkbox
        label="Overview map when zoomed in"
        checked={display.minimap}
        onValue={(minimap) => change({ minimap })}
      />
      <Checkbox
        label="Scale bar"
        checked={scaleBar.shown}
        onValue={(shown) => change({ scaleBar: { ...scaleBar, shown } })}
      />
      {scaleBar.shown && (
        <ScaleBarSettings
          style={scaleBar}
          unit={calibration.pixel_size === null ? "px" : calibration.unit}
          onChange={(style) => change({ scaleBar: style })}
        />
      )}
      <RulerList />
      <div class="side-buttons">
        <Button
          icon="columns"
          title="Another frame or an older version beside this one (Shift+V)"
          aria-pressed={beside}
          onClick={() => dispatch({ type: "view/beside", change: beside ? null : { frame } })}
        >
          Second view
        </Button>
        <Button
          icon="image"
          title="This view as a PNG, with scale bar and time (Shift+F)"
          onClick={() => {
            dialog.value = "picture";
          }}
        >
          Save picture…
        </Button>
      </div>
    </>
  );
}

function RulerList() {
  const { dispatch } = useWorkspace();
  const frame = useView((state) => state.frame);
  const rulers = useView((state) => state.rulers);
  const calibration = useView(calibrationOf);
  const here = rulers.filter((ruler) => ruler.frame === frame);
  if (here.length === 0) return null;
  return (
    <>
      <h2 class="side-heading">Rulers on this frame</h2>
      <ul class="ruler-list">
        {here.map((ruler) => {
          const text = rulerText(ruler, calibration);
          return (
            <li key={ruler.id}>
              <span>{ruler.points.length > 2 ? "Angle" : "Distance"}</span>
              <span class="number">{text}</span>
              <IconButton
                icon="close"
                label={`Remove ${text}`}
                onClick={() => dispatch({ type: "view/ruler-gone", id: ruler.id })}
              />
            </li>
          );
        })}
      </ul>
      {here.length > 1 && (
        <div class="side-buttons">
          <Button onClick={() => dispatch({ type: "view/rulers-gone", frame })}>Remove all of them</Button>
        </div>
      )}
    </>
  );
}
