// Numbers, times and ids for people.

const two = (number) => String(number).padStart(2, "0");

/** The time of day, to the millisecond. */
export function clock(milliseconds) {
  const time = new Date(milliseconds);
  const thousandths = String(time.getMilliseconds()).padStart(3, "0");
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${thousandths}`;
}

/** The day and the time of day. */
export function moment(milliseconds) {
  const time = new Date(milliseconds);
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${clock(milliseconds)}`;
}

/** A duration in the unit that leaves three digits. */
export function span(milliseconds) {
  if (milliseconds === undefined || !Number.isFinite(milliseconds)) return "";
  if (milliseconds === 0) return "0 ms";
  if (milliseconds < 1) return `${Math.round(milliseconds * 1_000)} µs`;
  if (milliseconds < 10) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1_000).toFixed(milliseconds < 10_000 ? 2 : 1)} s`;
  return `${Math.floor(milliseconds / 60_000)} min ${Math.round((milliseconds % 60_000) / 1_000)} s`;
}

/** A count with its thousands apart. */
export const count = (number) => number.toLocaleString("en-US");

/** One thing or several. */
export const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

/** The end of an id, which tells ids apart better than its beginning. */
export const short = (id) => (id.length > 8 ? id.slice(-8) : id);
