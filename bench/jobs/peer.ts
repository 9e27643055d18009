/** What jobs with a server in another process need. */
import { createServer } from "node:net";

/** A port of 127.0.0.1 that nobody has. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

/** What `attempt` comes to when it first goes well; its last error after twenty seconds. */
export async function waitFor<T>(attempt: () => Promise<T>): Promise<T> {
  for (let left = 1_000; ; left -= 1) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
