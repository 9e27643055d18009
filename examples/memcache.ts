/**
 * A cache that asks its servers with `node memcache.ts tcp:localhost:11211 tcp:otherhost:11211`; without any, it
 * starts one of its own. It counts how often it was run, and works something out once for everybody.
 */
import { formatAddress, listen, react } from "ropewalk";
import { MemcachePool, MemcacheServer } from "ropewalk/memcache";

await react(async (reactor, signal) => {
  const nodes = process.argv.slice(2);
  if (nodes.length === 0) {
    const server = new MemcacheServer(reactor, { maxBytes: 1 << 20 });
    const { address } = await listen(reactor, "tcp:0:interface=127.0.0.1", server);
    nodes.push(`tcp:${formatAddress(address)}`);
  }
  const pool = new MemcachePool(reactor, nodes);
  pool.startService();
  reactor.addTrigger("before", "shutdown", () => pool.stopService());

  await pool.add("runs", "0");
  console.log(`run ${await pool.incr("runs")}`);

  const primes = async (): Promise<string> => {
    const item = await pool.get("primes").abortable(signal);
    if (item !== undefined) return `cached: ${new TextDecoder().decode(item.value)}`;
    const worked = [2, 3, 5, 7, 11].join(" ");
    await pool.set("primes", worked, { ttlMs: 60_000 });
    return `worked out: ${worked}`;
  };
  console.log(await primes());
  console.log(await primes());
});
