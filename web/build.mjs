// Bundles the components into dist/: one entry, and chunks that are fetched when they are needed.
import { readFile, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));

// Leaflet's stylesheet becomes text for a constructable one. Its pictures belong to controls that
// we do not use; a url() would be asked for from the page's own address.
const styles = {
  name: "styles-as-text",
  setup(bundler) {
    bundler.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const plain = (await readFile(path, "utf8")).replace(/url\([^)]*\)/g, "none");
      const { code } = await transform(plain, { loader: "css", minify: true });
      return { contents: code, loader: "text" };
    });
  },
};

// Of Leaflet only what components/leaflet.js names, without its ways to draw that are not SVG: half
// of its weight.
const parts = {
  name: "parts-of-leaflet",
  setup(bundler) {
    bundler.onResolve({ filter: /^leaflet$/ }, () => ({ path: `${here}components/leaflet.js` }));
    bundler.onLoad({ filter: /leaflet\/src\/layer\/vector\/SVG\.VML\.js$/ }, () => ({
      contents: "export const vmlCreate = undefined, vmlMixin = {};",
    }));
    bundler.onLoad({ filter: /leaflet\/src\/layer\/vector\/Canvas\.js$/ }, () => ({
      contents: "export const canvas = () => undefined;",
    }));
  },
};

const common = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  target: ["es2022"],
  outdir: "dist",
  legalComments: "inline",
};

await rm(new URL("dist", import.meta.url), { recursive: true, force: true });
await build({
  ...common,
  entryPoints: ["components/quartier.ts"],
  format: "esm",
  splitting: true,
  chunkNames: "[name]-[hash]",
  plugins: [styles, parts],
});
await build({
  ...common,
  entryPoints: {
    "quartier.classic": "components/classic.ts",
    resize: "components/resize.ts",
    frame: "components/frame.ts",
  },
  format: "iife",
});
