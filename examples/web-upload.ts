/** Takes files of any size and says their digests, while they come: `curl -F file=@rope.jpg localhost:8080`. */
import { createHash } from "node:crypto";
import { argv } from "node:process";
import { formatAddress, run } from "ropewalk";
import { formParts, html, htmlResponse, Response, safeName, serve } from "ropewalk/web";

const page = html`<!doctype html>
  <title>Upload</title>
  <form method="post" enctype="multipart/form-data"><input type="file" name="file" multiple><button>Send</button></form>`;

await run(async (reactor) => {
  const port = await serve(reactor, argv[2] ?? "tcp:8080:interface=127.0.0.1", async (request) => {
    if (request.method !== "POST") return htmlResponse(page);
    const lines: string[] = [];
    for await (const part of formParts(request, { maxFiles: 10 })) {
      if (part.kind === "field") continue;
      const hash = createHash("sha256");
      for await (const bytes of part) hash.update(bytes);
      lines.push(`${hash.digest("hex")}  ${safeName(part.filename)}\n`);
    }
    return new Response(lines.join(""));
  });
  console.log(`Listening on ${formatAddress(port.address)}`);
});
