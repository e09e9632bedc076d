// An event as the list shows it.

/** How bad an event is, the mildest first. */
export const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"];

/**
 * Reads an event. Its text is kept as it came and read again when somebody opens it: fifty thousand trees would weigh
 * ten times as much.
 */
export function readRow(event, text) {
  const payload = isObject(event.payload) ? event.payload : {};
  const attributes = isObject(payload.attributes) ? payload.attributes : {};
  const metadata = isObject(event.metadata) ? event.metadata : {};
  return {
    id: String(event.eventId),
    text,
    // Clients may write any letter as an escape; what people type has none.
    searched: text.includes("\\u") ? JSON.stringify(event) : text,
    createdAt: event.createdAt,
    arrived: Date.parse(event.createdAt) || 0,
    at: Date.parse(event.occurredAt) || 0,
    type: String(event.eventType ?? ""),
    name: String(event.operationName ?? ""),
    level: levelOf(event, payload),
    message: messageOf(event, payload, attributes),
    service: string(event.serviceName),
    client: clientOf(event),
    lost: event.operationName === LOSSES ? lossesOf(attributes) : undefined,
    duration: typeof event.durationMs === "number" ? event.durationMs : undefined,
    startKnown: payload.startTimeUnixNano !== undefined,
    trace: string(event.traceId),
    span: string(event.spanId),
    parent: string(event.parentSpanId),
    request: string(attributes["request.id"]) || string(metadata["request.id"]),
  };
}

function levelOf(event, payload) {
  const number = payload.severityNumber;
  if (Number.isInteger(number) && number >= 1 && number <= 24) return Math.floor((number - 1) / 4);
  const text = string(payload.severityText).toLowerCase();
  const named = LEVELS.indexOf(text === "warning" ? "warn" : text);
  if (named >= 0) return named;
  return event.status === "error" ? ERROR : INFO;
}

/** What the event says, in one line. */
function messageOf(event, payload, attributes) {
  const line = (text) => text.slice(0, LONGEST).replace(/\s+/g, " ");
  if (typeof payload.body === "string") return line(payload.body);
  const method = string(attributes["http.request.method"]);
  if (method) {
    const target = string(attributes["http.route"]) || string(attributes["url.path"]) || string(attributes["url.full"]);
    const status = attributes["http.response.status_code"];
    return line(`${method} ${target}${status === undefined ? "" : ` → ${status}`}`);
  }
  if (typeof event.errorMessage === "string") return line(event.errorMessage);
  const told = Object.keys(attributes).length > 0 ? attributes : payload;
  const pairs = [];
  for (const key in told) {
    const value = told[key];
    // The request has a place of its own.
    if (key !== "request.id" && value !== null && typeof value !== "object") pairs.push(`${key}=${value}`);
    if (pairs.length === MOST_PAIRS) break;
  }
  return line(pairs.join("  "));
}

/** The process that sent it, as far as it says. Of each there is one object, however many events it sent. */
function clientOf(event) {
  const resource = isObject(event.resourceAttributes) ? event.resourceAttributes : {};
  const client = {
    service: string(event.serviceName),
    version: string(resource["service.version"]),
    environment: string(event.environmentId),
    instance: string(resource["service.instance.id"]) || string(resource["host.name"]),
    sdk: [resource["telemetry.sdk.name"], resource["telemetry.sdk.version"]].filter((part) => typeof part === "string").join(" "),
  };
  const key = JSON.stringify(client);
  const known = clients.get(key);
  if (known !== undefined) return known;
  // Names without end would be kept without end.
  if (clients.size >= MOST_CLIENTS) clients.clear();
  clients.set(key, client);
  return client;
}

/** How many events a client says it lost, by reason. */
function lossesOf(attributes) {
  const losses = {};
  for (const [name, count] of Object.entries(attributes)) {
    if (name.startsWith(LOST) && Number.isFinite(count)) losses[name.slice(LOST.length)] = count;
  }
  return losses;
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const string = (value) => (typeof value === "string" ? value : "");

export const INFO = 2;
export const WARN = 3;
export const ERROR = 4;
const clients = new Map();
const MOST_CLIENTS = 500;

const LOSSES = "axonpush.events_lost";
const LOST = "axonpush.lost.";
const LONGEST = 300;
const MOST_PAIRS = 8;
