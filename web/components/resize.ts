// For the page around a frame of a registry: gives the frame the height of what is in it. Believes
// nobody but the registry that this script is from, and only of frames that show it.

const registry = new URL((document.currentScript as HTMLScriptElement).src).origin;
const HIGHEST = 20_000;

addEventListener("message", ({ data, origin, source }: MessageEvent<unknown>) => {
  if (origin !== registry || typeof data !== "object" || data === null) return;
  const height = (data as { quartierHeight?: unknown }).quartierHeight;
  if (typeof height !== "number" || !(height > 0 && height < HIGHEST)) return;
  for (const frame of document.querySelectorAll("iframe")) {
    if (frame.contentWindow === source) frame.style.height = `${Math.ceil(height)}px`;
  }
});
