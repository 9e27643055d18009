export { lineOf, type News, tidy } from "./news.ts";
export { type ChatServerOptions, chatServer, Member, type Person, Room } from "./server.ts";
