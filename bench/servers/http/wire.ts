/** What the HTTP servers of the bench have in common. */

export const hello = "Hello, ropewalk!\n";

/** Says where it listens, and ends when the bench does. */
export function sayPort(port: number): void {
  process.stdin.resume().on("end", () => process.exit(0));
  console.log(`port ${port}`);
}
