import { createHash } from "node:crypto";
import { showText } from "../trace/show-bytes.ts";
import type { TraceView } from "../trace/trace.ts";
import { SCRIPT } from "./page-script.ts";
import { STYLE } from "./page-style.ts";
import type { Plan } from "./plan.ts";
import { type DiagramOptions, isPureAck, type Scene } from "./scene.ts";
import { drawEvents, drawNames } from "./svg.ts";
import { tableOf } from "./table.ts";
import { countText, durationText, escapeHtml, timeText } from "./text.ts";

/** The page around the picture. */
export function pageOf(view: TraceView, scene: Scene, plan: Plan, options: DiagramOptions): string {
  const title = showText(options.title ?? `Simulation, seed ${view.seed}`);
  const facts = factsOf(view, scene);
  const packets = scene.events.filter((event) => event.type === "packet");
  const acks = packets.filter(isPureAck).length;
  const description = `Sequence diagram of ${scene.hosts.map(showText).join(", ")}: ${facts.join(", ")}. The table below the picture says the same in words.`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body style="--width: ${plan.width}px">
<a class="skip" href="#events">Skip to the table of events</a>
<header>
<h1 id="title">${escapeHtml(title)}</h1>
${options.subtitle === undefined ? "" : `<p class="subtitle">${escapeHtml(showText(options.subtitle))}</p>\n`}<p class="facts">${facts.map((fact) => `<b>${escapeHtml(fact)}</b>`).join(" <span>·</span> ")}</p>
${leftOutOf(scene)}</header>
<main>
<input type="checkbox" id="acks"${acks === 0 ? " hidden" : ""}>
${acks === 0 ? "" : `<label for="acks">Show ${countText(acks, "plain acknowledgment")}</label>\n`}${KEY}
<div class="stage">
<div class="names"><div class="scroll">${drawNames(plan)}</div></div>
<div class="picture scroll">
${drawEvents(plan, scene.events, description)}
</div>
</div>
<section id="events" tabindex="-1">
<h2>Events</h2>
<div class="scroll">${scene.events.length === 0 ? "<p>Nothing happened.</p>" : tableOf(scene.events)}</div>
</section>
</main>
<aside id="details" aria-live="polite" hidden></aside>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

function factsOf({ seed, nowMs }: TraceView, { events, hosts, spans }: Scene): string[] {
  const packets = events.filter((event) => event.type === "packet");
  const lost = packets.filter(({ fate }) => fate === "lost").length;
  const firstMs = events[0]?.timeMs ?? 0;
  const facts = [`seed ${seed}`, countText(hosts.length, "host"), countText(packets.length, "packet")];
  if (lost > 0) facts.push(`${lost} lost`);
  if (spans.length > 0) facts.push(countText(spans.length, "fault"));
  facts.push(
    firstMs > 0 ? `from ${timeText(firstMs)} to ${timeText(nowMs)}` : `${durationText(nowMs)} of virtual time`,
  );
  return facts;
}

function leftOutOf({ leftOut, events }: Scene): string {
  if (leftOut === 0) return "";
  return `<p class="left-out">Only the last ${countText(events.length, "event")} are drawn; ${countText(leftOut, "event")} before them are left out.</p>\n`;
}

/** What the lines mean. */
const KEY = `<ul class="key" aria-label="Key">
<li><svg aria-hidden="true" width="30" height="12"><g class="tcp"><path class="line" d="M1 3L28 9"/></g></svg>TCP</li>
<li><svg aria-hidden="true" width="30" height="12"><g class="tcp control"><path class="line" d="M1 3L28 9"/></g></svg>opening, closing</li>
<li><svg aria-hidden="true" width="30" height="12"><g class="udp"><path class="line" d="M1 3L28 9"/></g></svg>datagram</li>
<li><svg aria-hidden="true" width="30" height="12"><g class="lost"><path class="line" d="M1 3L21 7"/><path class="cross" d="M18 3l8 8m0 -8l-8 8"/></g></svg>lost</li>
<li><svg aria-hidden="true" width="14" height="14"><g class="band"><g class="area"><rect width="14" height="14"/></g><path d="M0 .5h14M0 13.5h14"/></g></svg>fault</li>
<li><svg aria-hidden="true" width="10" height="14"><path class="lane down" d="M5 0V14"/></svg>down</li>
<li><svg aria-hidden="true" width="10" height="14"><path class="lane paused" d="M5 0V14"/></svg>paused</li>
</ul>`;

/** Nothing is loaded, and no script runs but the page's own, whatever a peer has sent. */
const POLICY = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${createHash("sha256").update(SCRIPT).digest("base64")}'; base-uri 'none'; form-action 'none'`;
