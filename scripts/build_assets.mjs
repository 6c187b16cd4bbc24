// Copies what the pages need from node_modules into static/vendor; Django hashes the names.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

const root = join(import.meta.dirname ?? new URL(".", import.meta.url).pathname, "..");
const modules = join(root, "node_modules");
const vendor = join(root, "static", "vendor");

const files = [
  "@tabler/core/dist/css/tabler.min.css",
  "@tabler/core/dist/js/tabler.min.js",
  "htmx.org/dist/htmx.min.js",
  "chart.js/dist/chart.umd.min.js",
  "leaflet/dist/leaflet.js",
  "leaflet/dist/leaflet.css",
  "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
];

// Names of https://tabler.io/icons, outline style; `{% icon "bolt" %}` shows one.
const icons = [
  "activity", "alert-triangle", "bell", "bolt", "building", "charging-pile", "check", "chevron-left",
  "chevron-right", "circle-check", "clock", "coins", "current-location", "dashboard", "key",
  "language", "list-details", "lock", "logout", "mail", "map-pin", "moon", "plug", "plug-connected",
  "plug-connected-x", "plug-x", "receipt", "refresh", "search", "settings", "shield-check", "sun",
  "tool", "user", "wallet", "wifi", "wifi-off", "x", "devices", "battery-charging", "hourglass",
  "download", "eye", "flag", "history", "message", "paperclip", "plus", "repeat", "send", "ticket",
];

// A manifest storage looks for the source map that a comment names; we ship none.
const SOURCE_MAP = /\n?(\/\/|\/\*)[#@] sourceMappingURL=[^\n*]*(\*\/)?\s*$/;

function copy(path) {
  const target = join(vendor, basename(path));
  if (!/\.(css|js)$/.test(path)) return cpSync(join(modules, path), target);
  writeFileSync(target, readFileSync(join(modules, path), "utf8").replace(SOURCE_MAP, "\n"));
}

function symbol(name) {
  const svg = readFileSync(join(modules, "@tabler/icons/icons/outline", `${name}.svg`), "utf8");
  const shapes = svg
    .slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>"))
    .replace(/\s*\n\s*/g, "");
  return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" ` +
    `stroke-width="2" stroke-linecap="round" stroke-linejoin="round">${shapes}</symbol>`;
}

rmSync(vendor, { recursive: true, force: true });
mkdirSync(vendor, { recursive: true });
files.forEach(copy);
// Named by Leaflet's stylesheet; a manifest storage looks for every file that one names.
cpSync(join(modules, "leaflet/dist/images"), join(vendor, "images"), { recursive: true });
const sprite = [...new Set(icons)].sort().map(symbol).join("\n");
writeFileSync(
  join(vendor, "icons.svg"),
  `<svg xmlns="http://www.w3.org/2000/svg">\n${sprite}\n</svg>\n`,
);
