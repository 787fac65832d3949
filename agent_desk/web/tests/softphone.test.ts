import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

const phone = vi.hoisted(() => {
  class Emitter {
    private handlers = new Map<string, (event: unknown) => void>();
    on(name: string, handler: (event: unknown) => void): void {
      this.handlers.set(name, handler);
    }
    emit(name: string, event: unknown = {}): void {
      this.handlers.get(name)?.(event);
    }
  }
  class Connection extends EventTarget {
    iceConnectionState = "connected";
    connectionState = "closed";
  }
  class Session extends Emitter {
    connection = new Connection();
    terminate = vi.fn();
    isEnded = (): boolean => false;
    getSenders = (): [] => [];
  }
  class Agent extends Emitter {
    session = new Session();
    register = vi.fn();
    start = (): void => undefined;
    stop = (): void => undefined;
    call = (): Session => this.session;
    isRegistered = (): boolean => true;
  }
  return { Agent, agent: null as InstanceType<typeof Agent> | null };
});
vi.mock("jssip", () => ({
  default: {
    UA: class extends phone.Agent {
      constructor() {
        super();
        phone.agent = this;
      }
    },
    WebSocketInterface: class {},
    C: { causes: {} },
  },
}));
vi.mock("../src/audio", () => ({
  chosen: { microphone: { value: "" }, speaker: { value: "" } }, playOn: () => undefined, readDevices: () => Promise.resolve(),
}));
vi.stubGlobal("Audio", class {});
vi.stubGlobal("window", globalThis);
vi.stubGlobal("navigator", { mediaDevices: {}, locks: { request: (_: string, __: unknown, turn: () => Promise<void>) => turn() } });

const { Softphone } = await import("../src/softphone");

describe("a leg whose media breaks", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** A leg that is up; Asterisk was reached so many milliseconds ago. */
  function leg(reachedAgo: number): { agent: NonNullable<typeof phone.agent>; ice: (state: string) => void } {
    new Softphone().start({ ws_url: "ws://x/ws", uri: "sip:1001@x", authorization_user: "1001", password: "x", extension: "seat" });
    const agent = phone.agent!;
    agent.emit("connected");
    agent.emit("registered");
    agent.session.emit("confirmed");
    vi.advanceTimersByTime(reachedAgo);
    const ice = (state: string): void => {
      agent.session.connection.iceConnectionState = state;
      agent.session.connection.dispatchEvent(new Event("iceconnectionstatechange"));
    };
    return { agent, ice };
  }

  it("and stays broken though Asterisk answers is one that Asterisk no longer knows", () => {
    const { agent, ice } = leg(5_000);
    ice("disconnected");
    expect(agent.register).toHaveBeenCalledOnce();
    expect(agent.session.terminate).not.toHaveBeenCalled();
    agent.emit("registered");
    vi.advanceTimersByTime(3_000);
    expect(agent.session.terminate).toHaveBeenCalledOnce();
  });

  it("and heals once the network is back is kept", () => {
    const { agent, ice } = leg(5_000);
    ice("disconnected");
    vi.advanceTimersByTime(20_000);
    agent.emit("registered");
    vi.advanceTimersByTime(1_000);
    ice("connected");
    vi.advanceTimersByTime(60_000);
    expect(agent.session.terminate).not.toHaveBeenCalled();
  });

  it("long after Asterisk was reached is waited for", () => {
    const { agent, ice } = leg(20_000);
    ice("disconnected");
    agent.emit("registered");
    vi.advanceTimersByTime(60_000);
    expect(agent.register).not.toHaveBeenCalled();
    expect(agent.session.terminate).not.toHaveBeenCalled();
  });
});
