import { tidy } from "../../protocols/chat/news.ts";
import { chatServer, Room } from "../../protocols/chat/server.ts";
import { option } from "../option.ts";
import { definePlugin, type Plugin } from "../plugin.ts";
import { Service } from "../service.ts";
import { idleOption, limited, limitOptions, listenOption, servedOn } from "./ports.ts";

/** `twistd chat`. */
export const chat: Plugin = definePlugin({
  summary: "a room for people at terminals",
  options: {
    listen: listenOption("tcp:1400"),
    banner: option.text("a line that newcomers read first", { repeatable: true }),
    ...limitOptions,
    idleTimeout: idleOption("125m"),
  },
  makeService: ({ listen, banner, idleTimeout, ...limits }, reactor) => {
    const room = new Room();
    room.banner = banner.map(tidy).join("\n");
    const server = chatServer(room, { clock: reactor, idleTimeoutMs: idleTimeout });
    return servedOn("chat", listen, limited(reactor, server, limits), { before: [new RoomService(room)] });
  },
});

/** Says goodbye when no more people can come. */
class RoomService extends Service {
  override name: string = "room";
  readonly #room: Room;

  constructor(room: Room) {
    super();
    this.#room = room;
  }

  override startService(): void {}

  override stopService(): void {
    this.#room.close();
  }
}
