"use strict";
// Reads panels with Prometheus' answers from standard input and prints the tables that Grafana's own data library makes
// of them: headings, and every value as it would be written. Also which units it does not know.
const browser = { userAgent: "node", language: "en", languages: ["en"], platform: "" };
Object.defineProperty(globalThis, "navigator", { value: browser, configurable: true });
const grafana = require("@grafana/data");
globalThis.window = {};
const { firstValueFrom } = require("rxjs");

const known = new Map(Object.values(grafana.standardTransformers).filter((t) => t?.id).map((t) => [t.id, t]));
grafana.standardTransformersRegistry.setInit(() =>
  [...known.values()].map((t) => ({ id: t.id, name: t.name, editor: () => null, transformation: () => Promise.resolve(t) })),
);
const theme = grafana.createTheme();
const units = new Set(grafana.getValueFormats().flatMap((group) => group.submenu.map((unit) => unit.value)));

function written(panel, frame, frames) {
  const headings = frame.fields.map((field) => grafana.getFieldDisplayName(field, frame, frames));
  const displays = frame.fields.map((field, place) => {
    const own = panel.fieldConfig.overrides.filter((override) => override.matcher.options === headings[place]);
    const properties = own.flatMap((override) => override.properties).map((property) => [property.id, property.value]);
    field.config = { ...panel.fieldConfig.defaults, ...Object.fromEntries(properties) };
    return grafana.getDisplayProcessor({ field, theme, timeZone: "utc" });
  });
  const rows = Array.from({ length: frame.length }, (_, row) =>
    frame.fields.map((field, place) => grafana.formattedValueToString(displays[place](field.values[row]))),
  );
  return { headings, rows };
}

async function main() {
  const { panels, wanted } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
  const tables = {};
  for (const panel of panels) {
    const answers = panel.frames.map(grafana.toDataFrame);
    const frames = await firstValueFrom(grafana.transformDataFrame(panel.transformations, answers));
    tables[panel.title] = frames.map((frame) => written(panel, frame, frames));
  }
  process.stdout.write(JSON.stringify({ tables, unknown: wanted.filter((unit) => !units.has(unit)) }));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
