// The view of rates and latencies.

import { element, setText } from "./dom.js";
import { span } from "./format.js";
import { Stats } from "./stats.js";

export class ChartsView {
  #stats = new Stats();
  #charts = null;
  #visible = false;
  #range = 300;

  constructor(section, tail) {
    this.section = section;
    tail.onRows((rows) => this.#stats.take(rows));
    setInterval(() => this.#visible && !document.hidden && this.#update(), 1_000);
    new ResizeObserver(() => this.#resize()).observe(section);
    addEventListener("themechange", () => this.#visible && this.#build());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#visible && this.#build());
  }

  async show() {
    this.#visible = true;
    await this.#build();
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
    const ranges = [[60, "1 min"], [300, "5 min"], [900, "15 min"]].map(([seconds, label]) =>
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
  const font = "11px system-ui, sans-serif";
  const line = { stroke: axis, font, grid: { stroke: grid, width: 1 }, ticks: { show: false } };
  return {
    width: Math.max(width, 200),
    height: HEIGHT,
    legend: { show: false },
    cursor: { points: { size: 6 }, drag: { x: false, y: false } },
    scales: { y: { range: (_, __, most) => [0, Math.max(most * 1.1, chart.least)] } },
    axes: [{ ...line, space: 70 }, { ...line, size: 56, values: (_, ticks) => ticks.map(chart.format) }],
    series: [
      {},
      ...chart.series.map(({ label, ink, filled }) => ({
        label,
        stroke: color(ink),
        width: 1.5,
        fill: filled ? color(ink).replace("rgb(", "rgba(").replace(")", ", 0.12)") : undefined,
        points: { show: false },
        spanGaps: false,
      })),
    ],
  };
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
    format: (value) => span(value) || "0",
    series: [
      { label: "p50", column: "p50", ink: "--good-ink" },
      { label: "p95", column: "p95", ink: "--warn-ink" },
      { label: "p99", column: "p99", ink: "--error-ink" },
    ],
  },
];

const HEIGHT = 190;
