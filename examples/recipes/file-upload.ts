/** Keeps uploaded files in a folder: `node file-upload.ts uploads`, then `curl -F file=@rope.jpg http://127.0.0.1:8080/`. */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { formatAddress, type Reactor, run } from "ropewalk";
import { formParts, Response, safeName, serve, type UploadedFile } from "ropewalk/web";

const [folder = "uploads", endpoint = "tcp:8080:interface=127.0.0.1"] = process.argv.slice(2);

/** Writes as the bytes come; the client waits while the disk is busy. What breaks off leaves nothing behind. */
async function keep({ files }: Reactor, upload: UploadedFile): Promise<string> {
  const name = `${randomUUID()}-${safeName(upload.filename)}`;
  const path = join(folder, name);
  const file = await files.create(path, { exclusive: true, mode: 0o600 });
  try {
    for await (const bytes of upload) await file.write(bytes);
    await file.close();
    return name;
  } catch (error) {
    await file.close();
    await files.remove(path);
    throw error;
  }
}

await run(async (reactor) => {
  await reactor.files.makeDirectory(folder);
  const port = await serve(reactor, endpoint, async (request) => {
    if (request.method !== "POST")
      return new Response("POST files here\n", { status: 405, headers: { Allow: "POST" } });
    const names: string[] = [];
    for await (const part of formParts(request, { maxFiles: 10, maxFileBytes: 1_000_000_000 })) {
      if (part.kind === "file" && part.filename !== "") names.push(await keep(reactor, part));
    }
    return Response.json(names, { status: 201 });
  });
  console.log(`Listening on ${formatAddress(port.address)}`);
});
