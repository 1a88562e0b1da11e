// Which folder a dropped file lay in: frames of two folders are two series.

const folders = new WeakMap<File, string>();

export function rememberFolder(file: File, folder: string): void {
  folders.set(file, folder);
}

/** "" for a file that was chosen or dropped by itself. */
export const folderOf = (file: File): string =>
  folders.get(file) ?? file.webkitRelativePath.split("/").slice(0, -1).join("/");
