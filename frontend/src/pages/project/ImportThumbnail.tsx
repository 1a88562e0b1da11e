// What of a chosen file can be shown before it is imported: PNG and JPEG by the browser, others as their kind.

import { useEffect, useState } from "preact/hooks";
import { Icon, type IconName } from "../../ui/icons";

export function ImportThumbnail({ file, imported }: { file: File; imported?: string | undefined }) {
  const [address, setAddress] = useState<string | null>(null);
  const shown = imported === undefined && /\.(png|jpe?g)$/i.test(file.name);
  useEffect(() => {
    if (!shown) return;
    const made = URL.createObjectURL(file);
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [file, shown]);
  const source = imported ?? (shown ? address : null);
  return (
    <span class="import-thumbnail" aria-hidden="true">
      {source === null ? (
        <Icon name={kindOf(file.name)} />
      ) : (
        <img src={source} alt="" loading="lazy" decoding="async" />
      )}
    </span>
  );
}

function kindOf(name: string): IconName {
  if (/\.zip$/i.test(name)) return "box";
  return /\.(mp4|avi|mov)$/i.test(name) ? "film" : /\.tiff?$/i.test(name) ? "layers" : "image";
}
