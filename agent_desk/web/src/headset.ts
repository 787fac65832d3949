/** What a PC's sound devices mean for the desk, and how loud a stretch of sound is. Pure. */
export interface Device {
  id: string;
  label: string;
}

export type DeviceUse = "microphone" | "speaker" | "ringer";

const KIND: Record<DeviceUse, MediaDeviceKind> = { microphone: "audioinput", speaker: "audiooutput", ringer: "audiooutput" };

/** The devices of one use; without the system's doubles of its default. */
export function devicesOf(use: DeviceUse, all: readonly Pick<MediaDeviceInfo, "kind" | "deviceId" | "label">[]): Device[] {
  return all
    .filter((one) => one.kind === KIND[use] && one.deviceId !== "" && one.deviceId !== "default" && one.deviceId !== "communications")
    .map((one) => ({ id: one.deviceId, label: one.label }));
}

/** From samples to the length of a bar: −60 dB is nothing, 0 dB is full. */
export function loudness(samples: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < samples.length; i += 1) sum += (samples[i] ?? 0) ** 2;
  const rms = Math.sqrt(sum / Math.max(1, samples.length));
  return Math.min(1, Math.max(0, (20 * Math.log10(rms + 1e-9) + 60) / 60));
}
