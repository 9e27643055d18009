import { Protocol } from "../core/protocol.ts";
import { joinBytes } from "../wire/join-bytes.ts";

/** A protocol that keeps what happened to it, in words and in order, and does what a test tells it. */
export class Recorder extends Protocol {
  /** `made`, `data …` (as UTF-8, one for each read), `paused`, `resumed`, `lost NAME`. */
  readonly events: string[] = [];
  readonly received: Uint8Array[] = [];
  reason: Error | undefined = undefined;
  onMade: () => void = nothing;
  onData: (data: Uint8Array) => void = nothing;
  onLost: (reason: Error) => void = nothing;
  onPaused: () => void = nothing;
  onResumed: () => void = nothing;

  /** All bytes that came. */
  get bytes(): Uint8Array {
    return joinBytes(this.received);
  }

  /** All bytes that came, as UTF-8. */
  get text(): string {
    return new TextDecoder().decode(this.bytes);
  }

  /** The events, with reads in a row as one: where a stream is cut is nobody's promise. */
  get story(): string[] {
    const story: string[] = [];
    for (const event of this.events) {
      const isMore = event.startsWith("data ") && story.at(-1)?.startsWith("data ");
      if (isMore) story.push(`${story.pop()}${event.slice("data ".length)}`);
      else story.push(event);
    }
    return story;
  }

  override connectionMade(): void {
    this.events.push("made");
    this.onMade();
  }

  override dataReceived(data: Uint8Array): void {
    this.received.push(data);
    this.events.push(`data ${new TextDecoder().decode(data)}`);
    this.onData(data);
  }

  override connectionLost(reason: Error): void {
    this.reason = reason;
    this.events.push(`lost ${reason.name}`);
    this.onLost(reason);
  }

  override writingPaused(): void {
    this.events.push("paused");
    this.onPaused();
  }

  override writingResumed(): void {
    this.events.push("resumed");
    this.onResumed();
  }
}

/** A Recorder that lets each direction end by itself: `read ended`, `write ended`. */
export class HalfCloseRecorder extends Recorder {
  onReadEnded: () => void = nothing;
  onWriteEnded: () => void = nothing;

  override readConnectionLost(): void {
    this.events.push("read ended");
    this.onReadEnded();
  }

  override writeConnectionLost(): void {
    this.events.push("write ended");
    this.onWriteEnded();
  }
}

function nothing(): void {}

/** The system's code behind the reason of a loss. */
export function codeOf(reason: Error | undefined): unknown {
  return (reason?.cause as { readonly code?: unknown } | undefined)?.code;
}
