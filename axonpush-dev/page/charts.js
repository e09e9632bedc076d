// The view of rates and latencies.

import { element, setText } from "./dom.js";
import { clock, span } from "./format.js";
import { KEPT, Stats } from "./stats.js";
import { PAGE, find } from "./stored.js";

export class ChartsView {
  #stats = new Stats();
  #charts = null;
  #visible = false;
  #range = 900;
  #beat = 0;
  #asked = false;

  constructor(section, tail) {
    this.section = section;
    this.tail = tail;
    tail.onRows((rows) => this.#stats.take(rows));
    setInterval(() => this.#tick(), 1_000);
    new ResizeObserver(() => this.#resize()).observe(section);
    addEventListener("themechange", () => this.#visible && this.#build());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#visible && this.#build());
  }

  async show() {
    this.#visible = true;
    await this.#build();
    if (!this.#asked) this.#lookBack();
  }

  leave() {
    this.#visible = false;
  }

  async #build() {
    // Nobody waits for the library who does not look at charts.
    const { default: Plot } = await import("/page/vendor/uplot/uPlot.esm.js");
    const style = getComputedStyle(document.documentElement);
    const probe = element("i");
    this.section.append(probe);
    const color = (name) => {
      probe.style.color = style.getPropertyValue(name) && `var(${name})`;
      return getComputedStyle(probe).color;
    };
    const ranges = [[180, "3 min"], [900, "15 min"], [3_600, "1 h"]].map(([seconds, label]) =>
      element("button", { type: "button", "aria-pressed": String(seconds === this.#range), onclick: () => this.#choose(seconds) }, label),
    );
    const cards = CHARTS.map(({ title, note, series }) => {
      const now = series.map(({ label, ink }) => {
        const value = element("b", {}, "–");
        const key = element("i");
        key.style.background = color(ink);
        return { value, root: element("span", {}, key, label, " ", value) };
      });
      const plot = element("div", { class: "plot" });
      return { now, plot, root: element("section", { class: "card" }, element("header", {}, element("h2", {}, title), element("p", { class: "dim" }, note)), element("p", { class: "legend" }, now.map(({ root }) => root)), plot) };
    });
    this.section.replaceChildren(element("div", { class: "tools" }, element("div", { class: "group", role: "group", "aria-label": "Range" }, ranges)), element("div", { class: "cards" }, cards.map(({ root }) => root)));
    this.section.append(probe);
    const inks = { axis: color("--faint"), grid: color("--line") };
    this.#charts = CHARTS.map((chart, place) => {
      const { plot, now } = cards[place];
      const made = new Plot(options(chart, color, inks, plot.clientWidth), this.#data(chart), plot);
      return { chart, made, plot, now };
    });
    probe.remove();
    this.#update();
  }

  /** Adds what was stored before the page was opened, as far back as the charts go. */
  async #lookBack() {
    this.#asked = true;
    const earliest = Date.now() - KEPT * 1_000;
    let before = [...this.tail.rows].find((row) => row.arrived <= this.#stats.since)?.createdAt;
    try {
      for (let page = 0; page < MOST_PAGES && before !== undefined && this.#stats.since > earliest; page += 1) {
        const rows = await find("/events", { since: new Date(earliest).toISOString(), until: before, limit: PAGE });
        this.#stats.take(rows);
        if (rows.length < PAGE) this.#stats.since = earliest;
        before = rows.at(-1)?.createdAt;
      }
    } catch {
      // The charts begin where the page began, then.
    }
    this.#update();
  }

  #tick() {
    this.#beat += 1;
    if (this.#visible && !document.hidden && (this.#range <= 900 || this.#beat % 5 === 0)) this.#update();
  }

  #choose(seconds) {
    this.#range = seconds;
    this.#build();
  }

  #data({ series }) {
    const columns = this.#stats.columns(this.#range);
    return [columns.time, ...series.map(({ column }) => columns[column])];
  }

  #update() {
    for (const { chart, made, now } of this.#charts ?? []) {
      const data = this.#data(chart);
      made.setData(data);
      now.forEach(({ value }, place) => {
        const last = data[place + 1].findLast((number) => number !== null);
        setText(value, last === undefined ? "–" : chart.format(last));
      });
    }
  }

  #resize() {
    if (!this.#visible) return;
    for (const { made, plot } of this.#charts ?? []) made.setSize({ width: plot.clientWidth, height: HEIGHT });
  }
}

function options(chart, color, { axis, grid }, width) {
  const font = "11px Inter, system-ui, sans-serif";
  const line = { stroke: axis, font, grid: { stroke: grid, width: 1 }, ticks: { show: false } };
  return {
    width: Math.max(width, 200),
    height: HEIGHT,
    legend: { show: false },
    cursor: { points: { size: 6 }, drag: { x: false, y: false } },
    scales: { y: { range: (_, __, most) => [0, Math.max(most * 1.1, chart.least)] } },
    padding: [12, 12, 0, 0],
    axes: [{ ...line, space: 70, size: 32, values: (_, ticks) => ticks.map((tick) => timeOfDay(tick)) }, { ...line, size: 56, values: (_, ticks) => ticks.map(chart.format) }],
    series: [
      {},
      ...chart.series.map(({ label, ink, filled }) => ({
        label,
        stroke: color(ink),
        width: 1.5,
        fill: filled ? color(ink).replace("rgb(", "rgba(").replace(")", ", 0.12)") : undefined,
        // A line needs two points; where there are few, each is worth seeing.
        points: { size: 5, show: (plot, place) => plot.data[place].filter((value) => value !== null).length < FEW },
        spanGaps: true,
      })),
    ],
  };
}

/** Without the seconds when they are none. */
function timeOfDay(seconds) {
  const time = clock(seconds * 1_000);
  return time.slice(0, seconds % 60 === 0 ? 5 : 8);
}

const number = (value) => (value >= 100 ? Math.round(value).toLocaleString("en-US") : String(Math.round(value * 10) / 10));

const CHARTS = [
  {
    title: "Events per second",
    note: "as they arrived here",
    least: 1,
    format: number,
    series: [
      { label: "all", column: "events", ink: "--accent", filled: true },
      { label: "errors", column: "errors", ink: "--error-ink", filled: true },
    ],
  },
  {
    title: "Error rate",
    note: "events at error or above, of all",
    least: 1,
    format: (value) => `${number(value)} %`,
    series: [{ label: "errors", column: "rate", ink: "--error-ink", filled: true }],
  },
  {
    title: "Latency",
    note: "of everything that says how long it took",
    least: 1,
    format: (value) => (value === 0 ? "0" : span(value)),
    series: [
      { label: "p50", column: "p50", ink: "--good-ink" },
      { label: "p95", column: "p95", ink: "--warn-ink" },
      { label: "p99", column: "p99", ink: "--error-ink" },
    ],
  },
];

const HEIGHT = 200;
const FEW = 20;
const MOST_PAGES = 20;
