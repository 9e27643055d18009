/** How the page looks, on a screen by day and by night, and on paper. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fcfbf8; --raised: #ffffff; --ink: #1b2330; --soft: #5d6675; --hair: #e4e1da; --lane: #8b93a1;
  --tcp: #1c5aa6; --udp: #0b7468; --icmp: #96590a; --lost: #b8261a; --note: #67469c; --log: #5d6675;
  --fault: #9a5308; --area: rgba(224, 143, 34, .11); --core: rgba(224, 143, 34, .28);
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "Segoe UI Mono", "Roboto Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #13161b; --raised: #1c2027; --ink: #e7e9ed; --soft: #9ca6b5; --hair: #282d36; --lane: #69727f;
    --tcp: #84b6f7; --udp: #5fd1bf; --icmp: #e2b05a; --lost: #ff8e7f; --note: #c7acff; --log: #9ca6b5;
    --fault: #eeb058; --area: rgba(238, 167, 58, .10); --core: rgba(238, 167, 58, .30);
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 56px; }
body { margin: 0 auto; padding: 36px 24px 72px; max-width: max(1080px, calc(var(--width) + 48px)); background: var(--paper); color: var(--ink);
  font: 15px/1.5 var(--sans); -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
h1 { margin: 0; font-size: 26px; line-height: 1.2; font-weight: 650; letter-spacing: -.015em; text-wrap: balance; overflow-wrap: anywhere; }
h2 { margin: 48px 0 12px; font-size: 17px; font-weight: 650; }
.subtitle { margin: 6px 0 0; font-size: 16px; max-width: 68ch; text-wrap: pretty; }
.facts, .left-out { margin: 6px 0 0; color: var(--soft); font-size: 14px; font-variant-numeric: tabular-nums; }
.facts b { font-weight: 400; white-space: nowrap; } .facts span { padding: 0 .2em; opacity: .6; }
.left-out { color: var(--fault); }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 24px; top: 8px; background: var(--raised); padding: 4px 10px; z-index: 5; }
main { margin-top: 22px; }
#acks { margin: 0 6px 0 0; accent-color: var(--tcp); vertical-align: -1px; }
#acks + label { margin-right: 22px; font-size: 13px; }
.key { display: inline-flex; flex-wrap: wrap; gap: 4px 18px; list-style: none; margin: 0 0 10px; padding: 0; font-size: 13px; color: var(--soft); }
.key li { display: inline-flex; align-items: center; gap: 6px; }
.names { position: sticky; top: 0; z-index: 2; background: var(--paper); border-bottom: 1px solid var(--hair); }
.names .scroll { overflow: hidden; }
.scroll { overflow-x: auto; }
.names svg, .picture svg { display: block; font-family: var(--mono); }
.names rect { fill: var(--raised); stroke: var(--lane); }
.name text { font: 600 13px var(--sans); text-anchor: middle; fill: var(--ink); }
.picture text { font-size: 11px; fill: var(--ink); paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-opacity: .85; stroke-linejoin: round; white-space: pre; font-variant-ligatures: none; }
.picture text.end { text-anchor: end; }
.picture text.time, .picture text.gone { fill: var(--soft); text-anchor: end; font-size: 10.5px; font-variant-numeric: tabular-nums; }
.picture text.gone { font-style: italic; font-family: var(--sans); }
.grid { stroke: var(--hair); stroke-width: 1; fill: none; }
.lane { stroke: var(--lane); stroke-width: 1.25; fill: none; }
.lane.down { stroke-dasharray: .1 5; stroke-linecap: round; stroke-width: 2.25; }
.lane.paused { stroke-dasharray: 7 4; stroke-width: 3; opacity: .7; }
.band .area { fill: var(--area); } .band .core { fill: var(--core); }
.band path { stroke: var(--fault); stroke-width: 1; fill: none; opacity: .7; }
.picture text.fault { fill: var(--fault); font-weight: 600; }
.break path { fill: none; stroke: var(--lane); stroke-width: 1; }
.break path.paper { fill: var(--paper); stroke: none; }
a { color: inherit; outline: none; -webkit-tap-highlight-color: transparent; }
.line { fill: none; stroke: currentColor; stroke-width: 1.5; }
.head { fill: currentColor; }
.hit { fill: none; stroke: transparent; stroke-width: 11; pointer-events: stroke; }
.tcp { color: var(--tcp); } .udp { color: var(--udp); } .icmp { color: var(--icmp); }
.control .line { stroke-width: .8; } .control .head { opacity: .8; } .picture .control text { fill: var(--soft); }
.ack { color: var(--soft); } .ack .line { stroke-width: .6; } .ack .head { opacity: .6; }
.acks { display: none; }
#acks:checked ~ .stage .acks { display: inline; }
.lost { color: var(--lost); } .lost .line { stroke-dasharray: 4 3; }
.cross { fill: none; stroke: var(--lost); stroke-width: 2; stroke-linecap: round; }
.picture text.why { fill: var(--lost); font-style: italic; }
.flying .line { stroke-dasharray: 1 3; } .picture .flying text.why { fill: var(--soft); }
.note { color: var(--note); } .note.log { color: var(--log); } .note.host { color: var(--fault); } .note.connection { color: var(--soft); }
.note circle, .note > path { fill: currentColor; stroke: var(--paper); stroke-width: 1.5; }
.note.connection circle { fill: var(--paper); stroke: currentColor; }
.picture .note text { fill: currentColor; }
.picture a.on .line, .picture a:focus-visible .line { stroke-width: 3; }
.picture a.on text, .picture a:focus-visible text { font-weight: 700; }
.picture a:focus-visible .hit { stroke: var(--core); }
.picture a:focus-visible circle { stroke: var(--ink); }
table { border-collapse: collapse; width: 100%; font-size: 13px; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: 5px 18px 5px 0; border-bottom: 1px solid var(--hair); }
thead th { color: var(--soft); font-weight: 500; border-color: var(--lane); }
thead th:first-child { text-align: right; }
tbody th { font-weight: 400; white-space: nowrap; color: var(--soft); text-align: right; }
tr:target { background: var(--area); }
td small { display: block; color: var(--soft); font-size: 12px; }
td strong { color: var(--lost); font-weight: 500; }
td[data-name="where"], td[data-name="what"], td[data-name="fate"] { min-width: 13em; }
code { font: 12px/1.45 var(--mono); overflow-wrap: anywhere; }
code.hex { display: block; color: var(--soft); font-size: 11px; }
td code { display: block; min-width: 18em; max-width: 46em; }
#details { position: fixed; right: 20px; bottom: 20px; z-index: 4; width: min(400px, calc(100vw - 24px)); max-height: 46vh; overflow: auto; padding: 12px 16px;
  background: var(--raised); border: 1px solid var(--hair); border-radius: 8px; box-shadow: 0 6px 28px rgba(0, 0, 0, .18); font-size: 13px; pointer-events: none; }
#details h3 { margin: 0; font-size: 12px; font-weight: 500; color: var(--soft); font-variant-numeric: tabular-nums; }
#details p { margin: 2px 0 0; } #details .where { font-weight: 600; } #details small { display: block; font-weight: 400; color: var(--soft); }
#details strong { color: var(--lost); font-weight: 600; } #details .bytes { margin-top: 8px; } #details code { display: block; }
@media (max-width: 640px) {
  body { padding: 20px 14px 40vh; } h1 { font-size: 21px; }
  #details { right: 12px; bottom: 12px; }
  thead { display: none; } table, tbody, tr, tbody th, td { display: block; }
  tr { border-bottom: 1px solid var(--hair); padding: 8px 0; } tbody th, td { border: 0; padding: 0; text-align: left; }
  td[data-name] { min-width: 0; } td[data-name="where"] { font-weight: 600; } td small { font-weight: 400; } td code { min-width: 0; }
}
@media print {
  :root { --paper: #fff; --raised: #fff; --ink: #000; --soft: #444; --hair: #ddd; --lane: #777; --tcp: #1c5aa6; --udp: #0b7468; --icmp: #96590a; --lost: #b8261a; --note: #67469c; --log: #444; --fault: #8a4a06; }
  @page { margin: 14mm; }
  body { padding: 0; max-width: none; font-size: 10pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  #details, #acks, #acks + label, .skip { display: none; }
  .names { position: static; } .scroll { overflow: visible; }
  .names svg, .picture svg { max-width: 100%; height: auto; }
  tr { break-inside: avoid; } thead { display: table-header-group; } section { break-before: page; } table { font-size: 8pt; }
  td[data-name] { min-width: 0; } td code { min-width: 0; font-size: 7pt; } th, td { padding-right: 8pt; }
}
@media (prefers-contrast: more) { :root { --soft: var(--ink); --hair: var(--lane); } }
`;
