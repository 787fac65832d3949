/** Which microphone, loudspeaker and ringer this PC uses: chosen once, kept in this browser, gone ones fall back. */
import { computed, ref, shallowRef, watch } from "vue";

export interface Device {
  id: string;
  label: string;
}

export type DeviceUse = "microphone" | "speaker" | "ringer";

const USES: readonly DeviceUse[] = ["microphone", "speaker", "ringer"];
const KIND: Record<DeviceUse, MediaDeviceKind> = { microphone: "audioinput", speaker: "audiooutput", ringer: "audiooutput" };

function kept(use: DeviceUse) {
  const chosen = ref(localStorage.getItem(`hotline.${use}`) ?? "");
  watch(chosen, (id) => localStorage.setItem(`hotline.${use}`, id));
  return chosen;
}

/** The ids chosen; empty is the system's default. */
export const chosen = { microphone: kept("microphone"), speaker: kept("speaker"), ringer: kept("ringer") };

const present = shallowRef<MediaDeviceInfo[]>([]);

/** The devices of one use; without the system's doubles of its default. */
export function devicesOf(use: DeviceUse, all: readonly Pick<MediaDeviceInfo, "kind" | "deviceId" | "label">[]): Device[] {
  return all
    .filter((one) => one.kind === KIND[use] && one.deviceId !== "" && one.deviceId !== "default" && one.deviceId !== "communications")
    .map((one) => ({ id: one.deviceId, label: one.label }));
}

export const devices = computed(() => ({
  microphone: devicesOf("microphone", present.value),
  speaker: devicesOf("speaker", present.value),
  ringer: devicesOf("ringer", present.value),
}));

/** Told when a chosen device was pulled out; its use is back at the default by then. */
let onLost: (use: DeviceUse) => void = () => undefined;
export function whenDeviceLost(handler: (use: DeviceUse) => void): void {
  onLost = handler;
}

export async function readDevices(): Promise<void> {
  if (navigator.mediaDevices === undefined) return;
  present.value = await navigator.mediaDevices.enumerateDevices().catch(() => []);
  for (const use of USES) {
    const there = devices.value[use];
    // Before the microphone is allowed there are no ids at all: that says nothing about the chosen one.
    if (chosen[use].value === "" || there.length === 0 || there.some((one) => one.id === chosen[use].value)) continue;
    chosen[use].value = "";
    onLost(use);
  }
}

navigator.mediaDevices?.addEventListener("devicechange", () => void readDevices());

/** Let what is played come out of this device; a browser that cannot choose plays on its default. */
export async function playOn(target: HTMLAudioElement | AudioContext, id: string): Promise<void> {
  const sink = target as { setSinkId?: (id: string) => Promise<void> };
  await sink.setSinkId?.(id).catch(() => undefined);
}

/** How loud a stream is, 0–1, about ten times a second, until the returned function is called. */
export function meter(track: MediaStreamTrack, tell: (level: number) => void): () => void {
  const own = track.clone(); // measured also while muted
  own.enabled = true;
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: 512 });
  context.createMediaStreamSource(new MediaStream([own])).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = window.setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    tell(loudness(samples));
  }, 100);
  return () => {
    window.clearInterval(timer);
    own.stop();
    void context.close();
  };
}

/** From samples to the length of a bar: −60 dB is nothing, 0 dB is full. */
export function loudness(samples: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < samples.length; i += 1) sum += (samples[i] ?? 0) ** 2;
  const rms = Math.sqrt(sum / Math.max(1, samples.length));
  return Math.min(1, Math.max(0, (20 * Math.log10(rms + 1e-9) + 60) / 60));
}
