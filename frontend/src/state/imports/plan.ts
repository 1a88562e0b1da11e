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

/** Frames go in natural order: frame2 before frame10. Those of different folders are different series. */
export function planSeries<F extends Named>(
  files: readonly F[],
  grouping: Grouping,
  folderOf: (file: F) => string = () => "",
): PlannedSeries<F>[] {
  const wanted = files.filter((file) => !isClutter(file)).sort((a, b) => naturally(a.name, b.name));
  if (grouping === "each") return wanted.map((file) => planned([file], ""));
  const folders = [...new Set(wanted.filter(isImage).map(folderOf))].sort(naturally);
  const together = folders.map((folder) =>
    planned(
      wanted.filter((file) => isImage(file) && folderOf(file) === folder),
      folder,
    ),
  );
  return [...together, ...wanted.filter((file) => !isImage(file)).map((file) => planned([file], ""))];
}

/** Where the frames' names say nothing, the folder's does. */
function planned<F extends Named>(files: readonly F[], folder: string): PlannedSeries<F> {
  const name = proposedName(files.map((file) => file.name));
  return { name: name === "Series" ? proposedName([folder.split("/").at(-1) ?? ""]) : name, files };
}
