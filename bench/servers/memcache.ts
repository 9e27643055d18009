/** Our memcache server, as its users write it: `memcache.js PORT`. */
import { NodeReactor } from "ropewalk";
import { MemcacheServer } from "ropewalk/memcache";

const reactor = new NodeReactor();
await reactor.listenTcp({ port: Number(process.argv[2]), host: "127.0.0.1" }, new MemcacheServer(reactor));
await reactor.run();
