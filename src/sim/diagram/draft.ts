import { showText } from "../trace/show-bytes.ts";
import type { TracedNote, TracedPacket } from "../trace/trace.ts";
import type { Label } from "./labels.ts";
import { packetText } from "./phrases.ts";
import type { Point } from "./rows.ts";
import { type DiagramOptions, type FaultSpan, isPureAck, type Scene } from "./scene.ts";

/** Everything that is to be drawn, as points that have no place yet. */
export interface Draft {
  readonly sends: readonly Send[];
  readonly notes: readonly DraftNote[];
  readonly spans: readonly DraftSpan[];
}

export interface Send {
  readonly index: number;
  readonly packet: TracedPacket;
  readonly text: string;
  readonly from: number;
  /** Undefined if it gets nowhere near. */
  readonly to: number | undefined;
  readonly isRightward: boolean;
  readonly point: Point;
  /** Where it arrives, or is lost at its destination. */
  readonly ends: readonly Point[];
  label: Label | undefined;
  reason: Label | undefined;
}

export interface DraftNote {
  readonly index: number;
  readonly note: TracedNote;
  readonly point: Point;
  label: Label | undefined;
}

export interface DraftSpan {
  readonly span: FaultSpan;
  readonly index: number | undefined;
  readonly endIndex: number | undefined;
  /** It has no length. */
  readonly isInstant: boolean;
  readonly begin: Point;
  readonly end: Point | undefined;
}

export function draftOf(scene: Scene, options: DiagramOptions): Draft {
  const lanes = new Map(scene.hosts.map((host, at) => [host, at]));
  const sends: Send[] = [];
  const notes: DraftNote[] = [];
  scene.events.forEach((event, index) => {
    if (event.type === "packet" && !isPureAck(event)) sends.push(sendOf(event, index, scene, lanes, options));
    if (event.type === "note") {
      const lane = lanes.get(event.host) ?? 0;
      notes.push({ index, note: event, point: pointOf(event.timeMs, index, lane, NOTE_ROOM), label: undefined });
    }
  });
  const indices = new Map(scene.events.map((event, index) => [event, index]));
  const firstMs = scene.events[0]?.timeMs ?? scene.endMs;
  const spans = scene.spans.map((span, at): DraftSpan => {
    const { begins, ends } = span;
    const rank = (index: number | undefined) => (index ?? at) - 2 * scene.events.length;
    const [beginsAt, endsAt] = [begins && indices.get(begins), ends && indices.get(ends)];
    const begin = pointOf(begins?.timeMs ?? firstMs, rank(beginsAt), undefined, BAND_ROOM);
    const isInstant = begins !== undefined && begins.timeMs === ends?.timeMs;
    const end = isInstant ? undefined : ends && pointOf(ends.timeMs, rank(endsAt), undefined, BAND_END_ROOM, begin);
    return { span, index: beginsAt ?? endsAt, endIndex: endsAt, isInstant, begin, end };
  });
  return { sends, notes, spans };
}

function sendOf(
  packet: TracedPacket,
  index: number,
  scene: Scene,
  lanes: ReadonlyMap<string, number>,
  options: DiagramOptions,
): Send {
  const from = lanes.get(packet.from.host ?? "") ?? 0;
  const to = packet.to.host === undefined ? undefined : lanes.get(packet.to.host);
  const isStub = packet.arrivals.length === 0 && !(packet.lostMs !== undefined && packet.lostMs > packet.timeMs);
  const point = pointOf(packet.timeMs, index, from, isStub ? STUB_ROOM : SEND_ROOM);
  const count = scene.events.length;
  const endOf = (timeMs: number, across: Room, loop: Room): Point => {
    const rank = timeMs === packet.timeMs ? index + 0.5 : index - count;
    return pointOf(timeMs, rank, to ?? from, to === from ? loop : across, point);
  };
  const ends = isStub ? [] : packet.arrivals.map((timeMs) => endOf(timeMs, ARRIVAL_ROOM, LOOP_ROOM));
  if (!isStub && ends.length === 0) ends.push(endOf(packet.lostMs ?? packet.timeMs, LOST_ROOM, LOST_LOOP_ROOM));
  const isRightward = to === undefined ? from < scene.hosts.length - 1 || from === 0 : to >= from;
  const own = options.label?.(packet);
  const text = own === undefined ? packetText(packet) : showText(own);
  return { index, packet, text, from, to, isRightward, point, ends, label: undefined, reason: undefined };
}

function pointOf(timeMs: number, rank: number, lane: number | undefined, room: Room, after?: Point): Point {
  return { timeMs, rank, lane, above: room.above, below: room.below, after, y: 0 };
}

/** What a point's words take, in pixels. */
interface Room {
  readonly above: number;
  readonly below: number;
}

/** A label stands on top of the start of its arrow; why it is lost stands below. */
const SEND_ROOM: Room = { above: 15, below: 2 };
const STUB_ROOM: Room = { above: 15, below: 18 };
const ARRIVAL_ROOM: Room = { above: 4, below: 4 };
const LOST_ROOM: Room = { above: 6, below: 17 };
const LOOP_ROOM: Room = { above: 12, below: 4 };
const LOST_LOOP_ROOM: Room = { above: 12, below: 17 };
const NOTE_ROOM: Room = { above: 9, below: 9 };
export const BAND_ROOM: Room = { above: 10, below: 22 };
export const BAND_END_ROOM: Room = { above: 4, below: 20 };
