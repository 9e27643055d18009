/** A shop that is well as long as its folder is there: `npx twistd --inspect-port 9000 -f health-checks.ts`. */
import type { Reactor } from "ropewalk";
import { Application, type Health, Service, StreamServerService } from "ropewalk/app";
import { Response, webServer } from "ropewalk/web";

class Stock extends Service {
  readonly #folder: string;
  #files: Reactor["files"] | undefined;

  constructor(folder: string) {
    super();
    this.#folder = folder;
  }
  override async startService({ files }: Reactor): Promise<void> {
    await files.makeDirectory(this.#folder);
    this.#files = files;
  }
  override stopService(): void {}

  override async health(): Promise<Health> {
    try {
      await this.#files?.list(this.#folder);
      return { ok: true };
    } catch (error) {
      return { ok: false, detail: String(error) };
    }
  }
}

export function service(reactor: Reactor, [endpoint = "tcp:8080:interface=127.0.0.1"]: readonly string[]): Application {
  const web = new StreamServerService(
    endpoint,
    webServer(reactor, () => new Response("open\n")),
  );
  return new Application({ name: "shop", services: [new Stock("stock"), web] });
}
