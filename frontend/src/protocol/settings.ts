// What a model is set to, and the weights that come with it.

export type SettingValue = number | boolean | string | null;
export type Settings = Record<string, SettingValue>;

/** What a checkpoint says of itself. */
export interface Metadata {
  parameters?: number | Settings;
  config?: unknown;
  image_size?: number;
  /** What an uploaded file says beyond its network; `card` is Markdown. */
  notes?: Record<string, string>;
  [name: string]: unknown;
}

/** The weights that come with Graticule. `card`: Markdown that says what they were trained on. */
export interface BundledWeights {
  sha256: string;
  size_bytes: number;
  card: string;
  metadata: Metadata;
}
