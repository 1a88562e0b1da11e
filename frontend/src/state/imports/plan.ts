// Which chosen files become which series, and under what name. Pure.

import { naturally, proposedName } from "../format";

export interface Named {
  readonly name: string;
}

/** Whether several images are the frames of one series or a series each. */
export type Grouping = "one" | "each";

export interface PlannedSeries<F extends Named> {
  readonly name: string;
  readonly files: readonly F[];
}

/** Perhaps one frame of many; anything else (zip, video, OME-TIFF) is always a series of its own. */
export const isImage = (file: Named) => /(?<!\.ome)\.(png|jpe?g|tiff?)$/i.test(file.name);

/** What a folder holds beside its images: .DS_Store, Thumbs.db. */
export const isClutter = (file: Named) => /^\.|^(thumbs\.db|desktop\.ini)$/i.test(file.name);

/** One kind of frames in one folder: a stack beside PNG frames is none of them. */
const groupOf = (file: Named, folder: string) =>
  `${folder}/${/\.(\w+)$/.exec(file.name.toLowerCase())?.[1]?.replace("jpeg", "jpg").replace("tiff", "tif")}`;

/** Frames go in natural order: frame2 before frame10. Those of different folders or kinds are different series. */
export function planSeries<F extends Named>(
  files: readonly F[],
  grouping: Grouping,
  folderOf: (file: F) => string = () => "",
): PlannedSeries<F>[] {
  const wanted = files.filter((file) => !isClutter(file)).sort((a, b) => naturally(a.name, b.name));
  if (grouping === "each") return wanted.map((file) => planned([file], ""));
  const groups = new Map<string, F[]>();
  for (const file of wanted.filter(isImage)) {
    const key = groupOf(file, folderOf(file));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [file]);
    else group.push(file);
  }
  const together = [...groups.entries()]
    .sort(([first], [second]) => naturally(first, second))
    .map(([, group]) => planned(group, group[0] === undefined ? "" : folderOf(group[0])));
  return [...together, ...wanted.filter((file) => !isImage(file)).map((file) => planned([file], ""))];
}

/** Where the frames' names say nothing, the folder's does. */
function planned<F extends Named>(files: readonly F[], folder: string): PlannedSeries<F> {
  const name = proposedName(files.map((file) => file.name));
  return { name: name === "Series" ? proposedName([folder.split("/").at(-1) ?? ""]) : name, files };
}
