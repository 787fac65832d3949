/** Times, durations and numbers as people read them. Pure. */

/** Whole seconds from an instant to now; never negative, 0 for none. */
export function secondsSince(instant: string | null | undefined, now: number): number {
  if (!instant) return 0;
  return Math.max(0, Math.floor((now - Date.parse(instant)) / 1000));
}

/** "02:13", from an hour on "1:02:13". */
export function stopwatch(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const pad = (n: number): string => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${pad(m)}:${pad(s)}` : `${pad(m)}:${pad(s)}`;
}

/** Mobile numbers in groups (138 0000 0001); anything else as it is. */
export function phone(number: string): string {
  return /^1\d{2}[\d*]{4}\d{4}$/.test(number)
    ? `${number.slice(0, 3)} ${number.slice(3, 7)} ${number.slice(7)}`
    : number;
}

function parts(instant: string): { date: string; time: string; seconds: string; year: number } | null {
  const at = new Date(instant);
  if (Number.isNaN(at.getTime())) return null;
  const pad = (n: number): string => String(n).padStart(2, "0");
  return {
    date: `${pad(at.getMonth() + 1)}-${pad(at.getDate())}`,
    time: `${pad(at.getHours())}:${pad(at.getMinutes())}`,
    seconds: pad(at.getSeconds()),
    year: at.getFullYear(),
  };
}

/** "09:05" */
export function timeOf(instant: string | null | undefined): string {
  return (instant && parts(instant)?.time) || "—";
}

/** "09:05:07" */
export function preciseTimeOf(instant: string | null | undefined): string {
  const p = instant ? parts(instant) : null;
  return p ? `${p.time}:${p.seconds}` : "—";
}

/** "09:05" today, "11-21 09:05" this year, "2025-11-21 09:05" before. */
export function momentOf(instant: string | null | undefined, now: number): string {
  const p = instant ? parts(instant) : null;
  if (p === null) return "—";
  const today = parts(new Date(now).toISOString());
  if (today && p.date === today.date && p.year === today.year) return p.time;
  return today && p.year === today.year ? `${p.date} ${p.time}` : `${p.year}-${p.date} ${p.time}`;
}

export interface TimeLeft {
  /** True when the moment has passed. */
  over: boolean;
  unit: "days" | "hours" | "minutes";
  count: number;
}

/** What is left until a deadline, in the largest unit that is still honest. */
export function timeLeft(due: string, now: number): TimeLeft {
  const ms = Date.parse(due) - now;
  const minutes = Math.floor(Math.abs(ms) / 60_000);
  const over = ms < 0;
  if (minutes >= 48 * 60) return { over, unit: "days", count: Math.floor(minutes / 1440) };
  if (minutes >= 60) return { over, unit: "hours", count: Math.floor(minutes / 60) };
  return { over, unit: "minutes", count: minutes };
}

/** How much of the way from start to due is gone, 0–1. */
export function shareGone(start: string, due: string, now: number): number {
  const from = Date.parse(start);
  const whole = Date.parse(due) - from;
  if (!(whole > 0)) return 1;
  return Math.min(1, Math.max(0, (now - from) / whole));
}

/** "95.3 %" */
export function percent(share: number | null): string {
  return share === null ? "—" : `${(share * 100).toFixed(1)} %`;
}
