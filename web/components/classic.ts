// For sites that can only place a script without type="module": fetches the module from beside itself.

const script = document.currentScript;
if (script instanceof HTMLScriptElement) void import(new URL("quartier.js", script.src).href);
