/** From WebRTC's counters to one word an agent understands. Pure, so that the thresholds can be tested. */

export interface Counters {
  packetsReceived: number;
  packetsLost: number;
  jitterMs: number | null;
  rttMs: number | null;
  /** Of what this page sends, as the other end reports it every few seconds: 0–1. */
  sentLoss: number | null;
}

export type Grade = "good" | "fair" | "poor";

export interface Quality {
  grade: Grade;
  /** Lost of expected in the last interval, 0–1; null when nothing was expected. */
  loss: number | null;
  jitterMs: number | null;
  rttMs: number | null;
  /** What the citizen does not hear of the agent. */
  sentLoss: number | null;
}

/** From where a listener begins to notice, and from where words get lost (ITU-T G.114 and G.107 in round numbers). */
const FAIR = { loss: 0.02, jitterMs: 30, rttMs: 250 };
const POOR = { loss: 0.06, jitterMs: 60, rttMs: 450 };

export function countersOf(report: Iterable<[string, unknown]>): Counters {
  const counters: Counters = { packetsReceived: 0, packetsLost: 0, jitterMs: null, rttMs: null, sentLoss: null };
  for (const [, entry] of report) {
    const stat = entry as Record<string, unknown>;
    if (stat.type === "inbound-rtp" && stat.kind === "audio") {
      counters.packetsReceived = Number(stat.packetsReceived ?? 0);
      counters.packetsLost = Number(stat.packetsLost ?? 0);
      if (typeof stat.jitter === "number") counters.jitterMs = stat.jitter * 1000;
    }
    if (stat.type === "remote-inbound-rtp" && stat.kind === "audio" && typeof stat.fractionLost === "number") {
      counters.sentLoss = stat.fractionLost;
    }
    if (stat.type === "candidate-pair" && stat.nominated === true && typeof stat.currentRoundTripTime === "number") {
      counters.rttMs = stat.currentRoundTripTime * 1000;
    }
  }
  return counters;
}

export function qualityBetween(before: Counters | null, now: Counters): Quality {
  const lost = Math.max(0, now.packetsLost - (before?.packetsLost ?? now.packetsLost));
  const received = Math.max(0, now.packetsReceived - (before?.packetsReceived ?? now.packetsReceived));
  const loss = lost + received > 0 ? lost / (lost + received) : null;
  const measured = { loss, jitterMs: now.jitterMs, rttMs: now.rttMs, sentLoss: now.sentLoss };
  return { ...measured, grade: gradeOf(measured) };
}

function gradeOf(measured: Omit<Quality, "grade">): Grade {
  const reaches = (limit: typeof FAIR): boolean =>
    (measured.loss ?? 0) >= limit.loss ||
    (measured.sentLoss ?? 0) >= limit.loss ||
    (measured.jitterMs ?? 0) >= limit.jitterMs ||
    (measured.rttMs ?? 0) >= limit.rttMs;
  if (reaches(POOR)) return "poor";
  return reaches(FAIR) ? "fair" : "good";
}

export type Complaint = "loss" | "sentLoss" | "jitter" | "rtt";

/** What is wrong with a line, worst measure by measure, in round numbers for people. */
export function complaints(quality: Quality): [Complaint, number][] {
  const found: [Complaint, number][] = [];
  if ((quality.loss ?? 0) >= FAIR.loss) found.push(["loss", Math.round((quality.loss ?? 0) * 100)]);
  if ((quality.sentLoss ?? 0) >= FAIR.loss) found.push(["sentLoss", Math.round((quality.sentLoss ?? 0) * 100)]);
  if ((quality.jitterMs ?? 0) >= FAIR.jitterMs) found.push(["jitter", Math.round(quality.jitterMs ?? 0)]);
  if ((quality.rttMs ?? 0) >= FAIR.rttMs) found.push(["rtt", Math.round(quality.rttMs ?? 0)]);
  return found;
}
