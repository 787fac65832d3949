/** Which microphone, loudspeaker and ringer this PC uses: chosen once, kept in this browser, gone ones fall back. */
import { computed, ref, shallowRef, watch } from "vue";
import { type DeviceUse, devicesOf, loudness } from "./headset";

const USES: readonly DeviceUse[] = ["microphone", "speaker", "ringer"];
function kept(use: DeviceUse) {
  const chosen = ref(localStorage.getItem(`hotline.${use}`) ?? "");
  watch(chosen, (id) => localStorage.setItem(`hotline.${use}`, id));
  return chosen;
}

/** The ids chosen; empty is the system's default. */
export const chosen = { microphone: kept("microphone"), speaker: kept("speaker"), ringer: kept("ringer") };

const present = shallowRef<MediaDeviceInfo[]>([]);

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
