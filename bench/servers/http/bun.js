// Bun's own server, for its own runtime: `bun bun.js hello|json`.
const hello = "Hello, ropewalk!\n";
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  async fetch(request) {
    if (request.method === "POST") return Response.json(await request.json());
    return new Response(hello, { headers: { "Content-Type": "text/plain;charset=UTF-8" } });
  },
});
console.log(`port ${server.port}`);
process.stdin.resume().on("end", () => process.exit(0));
