import { LineProtocol } from "ropewalk/line";

/** Remembers the lines that it gets, answers each, and leaves at "bye". */
export class Polite extends LineProtocol {
  override acceptBareNewline = true;
  readonly lines: string[] = [];

  override connectionMade(): void {
    this.sendLine("Who is it?");
  }

  override lineReceived(line: string): void {
    this.lines.push(line);
    this.sendLine(line === "bye" ? "Farewell" : `Hello, ${line}`);
    if (line === "bye") this.transport.loseConnection();
  }
}
