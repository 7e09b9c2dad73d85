// Bundles the components into dist/: one entry, and chunks that are loaded when they are needed.
import { rm, readFile } from "node:fs/promises";
import { build, transform } from "esbuild";

const here = new URL(".", import.meta.url).pathname;
const target = ["es2022"];

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

const common = { bundle: true, minify: true, target, legalComments: "inline", absWorkingDir: here };

await rm(new URL("dist", import.meta.url), { recursive: true, force: true });
await build({
  ...common,
  entryPoints: ["components/quartier.ts"],
  format: "esm",
  splitting: true,
  outdir: "dist",
  chunkNames: "[name]-[hash]",
  plugins: [styles],
});
await build({
  ...common,
  entryPoints: { "quartier.classic": "components/classic.ts" },
  format: "iife",
  outdir: "dist",
});
