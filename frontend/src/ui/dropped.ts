// The files of a drop, those inside dropped folders too; and what is dropped where nothing takes it.

import { rememberFolder } from "../state/imports/folders";

/** The browser would leave the app to show a file that misses its target. Returns a function that stops. */
export function refuseStrayFiles(): () => void {
  const listening = new AbortController();
  const refuse = (event: DragEvent) => {
    if (event.defaultPrevented || event.dataTransfer?.types.includes("Files") !== true) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "none";
  };
  window.addEventListener("dragover", refuse, { signal: listening.signal });
  window.addEventListener("drop", refuse, { signal: listening.signal });
  return () => listening.abort();
}

/** Must be called in the drop event itself: the browser empties `transfer` afterwards. */
export async function droppedFiles(transfer: DataTransfer): Promise<File[]> {
  const found = [...transfer.items]
    .filter((item) => item.kind === "file")
    .map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const files = await Promise.all(
    // A drop that a script made has files but no entries.
    found.map(({ entry, file }) => (entry !== null ? filesOf(entry) : file !== null ? [file] : [])),
  );
  return files.flat();
}

async function filesOf(entry: FileSystemEntry): Promise<File[]> {
  if (entry instanceof FileSystemFileEntry) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    rememberFolder(file, entry.fullPath.split("/").slice(1, -1).join("/"));
    return [file];
  }
  if (!(entry instanceof FileSystemDirectoryEntry)) return [];
  const reader = entry.createReader();
  const found: File[] = [];
  // A reader hands out at most a hundred entries at a time; an empty batch is the end.
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (batch.length === 0) return found;
    found.push(...(await Promise.all(batch.map(filesOf))).flat());
  }
}
