// Addresses that the browser loads by itself: images and downloads.

const API = "/api/v1";

export const thumbnailUrl = (series: string, frame = 0) =>
  `${API}/series/${encodeURIComponent(series)}/thumbnail?frame=${frame}`;

export const downloadUrl = (job: string) => `${API}/jobs/${encodeURIComponent(job)}/download`;

export const frameUrl = (series: string, frame: number) =>
  `${API}/series/${encodeURIComponent(series)}/frames/${frame}.png`;

export const versionFileUrl = (version: string) => `${API}/models/${encodeURIComponent(version)}/file`;

export const comparisonArchiveUrl = (job: string) => `${API}/jobs/${encodeURIComponent(job)}/comparison.zip`;

/** `key`: a model's of the comparison, or of the labels: "truth" for their outlines, "labels" for all. */
export const comparisonUrl = (job: string, key: string, frame: number) =>
  `${API}/jobs/${encodeURIComponent(job)}/comparison/${encodeURIComponent(key)}/${frame}.png`;
