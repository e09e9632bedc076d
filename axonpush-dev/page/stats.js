// What the charts draw: counts and durations, second by second.

import { ERROR } from "./row.js";

/** The last hour. Durations are sampled, so that a busy second costs no more than a quiet one. */
export class Stats {
  #seconds = new Map();

  /** Everything that arrived from this time on is counted, in milliseconds. */
  since = Infinity;

  take(rows) {
    for (const row of rows) {
      this.since = Math.min(this.since, row.arrived);
      const second = Math.floor(row.arrived / 1_000);
      let slot = this.#seconds.get(second);
      if (slot === undefined) {
        slot = { events: 0, errors: 0, measured: 0, durations: [] };
        this.#seconds.set(second, slot);
      }
      slot.events += 1;
      if (row.level >= ERROR) slot.errors += 1;
      if (row.duration !== undefined) sample(slot, row.duration);
    }
    const oldest = Math.floor(Date.now() / 1_000) - KEPT;
    if (this.#seconds.size > KEPT) {
      for (const second of this.#seconds.keys()) if (second < oldest) this.#seconds.delete(second);
    }
  }

  /** Columns for the last `seconds`, a multiple of `POINTS` or less than it. What is not known is `null`. */
  columns(seconds, now = Date.now()) {
    const step = Math.max(1, seconds / POINTS);
    const end = Math.floor(now / 1_000 / step) * step;
    const columns = { time: [], events: [], errors: [], rate: [], p50: [], p95: [], p99: [] };
    for (let at = end - seconds; at < end; at += step) {
      let [events, errors] = [0, 0];
      const durations = [];
      for (let second = at; second < at + step; second += 1) {
        const slot = this.#seconds.get(second);
        if (slot === undefined) continue;
        events += slot.events;
        errors += slot.errors;
        durations.push(...slot.durations);
      }
      durations.sort((one, other) => one - other);
      columns.time.push(at);
      const known = (at + step) * 1_000 > this.since;
      columns.events.push(known ? events / step : null);
      columns.errors.push(known ? errors / step : null);
      columns.rate.push(events === 0 ? null : (errors / events) * 100);
      for (const [name, share] of [["p50", 0.5], ["p95", 0.95], ["p99", 0.99]]) columns[name].push(percentile(durations, share));
    }
    return columns;
  }
}

function percentile(sorted, share) {
  return sorted.length === 0 ? null : sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
}

/** Each duration of a second has the same chance to be kept, however many there are. */
function sample(slot, duration) {
  slot.measured += 1;
  if (slot.durations.length < SAMPLES) slot.durations.push(duration);
  else {
    const place = Math.floor(Math.random() * slot.measured);
    if (place < SAMPLES) slot.durations[place] = duration;
  }
}

export const KEPT = 3_600;
const POINTS = 180;
const SAMPLES = 60;
