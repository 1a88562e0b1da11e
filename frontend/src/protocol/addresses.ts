// Addresses that the browser loads by itself: images and downloads.

const API = "/api/v1";

export const thumbnailUrl = (series: string, frame = 0) =>
  `${API}/series/${encodeURIComponent(series)}/thumbnail?frame=${frame}`;

export const downloadUrl = (job: string) => `${API}/jobs/${encodeURIComponent(job)}/download`;
