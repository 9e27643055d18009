/** Requests to events, answers to bytes, with nothing around them: what HTTP/1.1 itself costs a server. */
import { Http1Connection, type Http1Sink, type ResponseHead } from "ropewalk/http1";
import { expectTotal, type Job, type Jobs } from "./job.ts";

/** One connection, kept alive: each operation is a request that is read to its end and answered. */
function requests(text: string, head: ResponseHead, body: string, looksAt: string | undefined): Job {
  const bytes = Buffer.from(text, "latin1");
  return (ops) => {
    const server = new Http1Connection("server");
    const sent = new CountingSink();
    let seen = 0;
    for (let i = 0; i < ops; i++) {
      server.receive(bytes);
      const request = server.next();
      if (request?.type === "request" && (looksAt === undefined || request.headers.get(looksAt) !== undefined)) seen++;
      if (server.next()?.type === "end") server.sendWholeTo(sent, head, body);
    }
    expectTotal(seen, ops);
    expectTotal(sent.messages, ops);
  };
}

class CountingSink implements Http1Sink {
  messages = 0;

  write(): void {
    throw new Error("A small answer is one text");
  }

  writeLatin1(): void {
    this.messages += 1;
  }
}

const hello = "GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n";
const browser = [
  "GET /articles/how-ropes-are-made?ref=front&page=2 HTTP/1.1",
  "Host: www.example.org:8080",
  "Connection: keep-alive",
  "Cache-Control: max-age=0",
  'sec-ch-ua: "Chromium";v="126", "Not A;Brand";v="99"',
  "sec-ch-ua-mobile: ?0",
  'sec-ch-ua-platform: "Linux"',
  "Upgrade-Insecure-Requests: 1",
  "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
  "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
  "Sec-Fetch-Site: same-origin",
  "Sec-Fetch-Mode: navigate",
  "Sec-Fetch-User: ?1",
  "Sec-Fetch-Dest: document",
  "Referer: https://www.example.org/articles",
  "Accept-Encoding: gzip, deflate, br",
  "Accept-Language: en-GB,en;q=0.9",
  "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark",
  "\r\n",
].join("\r\n");
const noContent: ResponseHead = { type: "response", status: 204 };
const ok: ResponseHead = {
  type: "response",
  status: 200,
  headers: { "Content-Type": "text/plain; charset=utf-8", Date: "Thu, 01 Jan 2026 00:00:00 GMT" },
};

export const http1Jobs: Jobs = {
  "hello request": { ropewalk: requests(hello, noContent, "", undefined) },
  "browser request": { ropewalk: requests(browser, noContent, "", undefined) },
  "browser request, one header": { ropewalk: requests(browser, noContent, "", "accept-encoding") },
  "hello request, hello answer": { ropewalk: requests(hello, ok, "Hello, world!", undefined) },
};
