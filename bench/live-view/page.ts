/** What an open page asks for, from a process of its own: the stream of seconds, and the lists each two seconds. */

import { NodeReactor } from "ropewalk";
import { get, readEvents } from "ropewalk/web";

const [url, token] = process.argv.slice(2);
const reactor = new NodeReactor();
const headers = { Authorization: `Bearer ${token}` };
setInterval(async () => {
  const answer = await get(reactor, `${url}api/snapshot?connections=0,25&timers=0,15&samples=0&log=0`, { headers });
  await answer.text();
}, 2_000);
const stream = await get(reactor, `${url}api/events`, { headers });
for await (const event of readEvents(stream)) if (event.event === "second") JSON.parse(event.data);
