/** Bytes come in pieces of any size; LineProtocol makes lines of them. */
import { LineProtocol } from "ropewalk/line";
import { MemoryTransport } from "ropewalk/testing";

class Sum extends LineProtocol {
  override dataReceived(data: Uint8Array): void {
    console.log(`data ${JSON.stringify(new TextDecoder().decode(data))}`);
    super.dataReceived(data);
  }
  override lineReceived(line: string): void {
    console.log(`  line ${JSON.stringify(line)}`);
    const [a, b] = line.split("+").map(Number);
    if (a === undefined || b === undefined) this.sendLine("Say a sum");
    else this.sendLine(String(a + b));
  }
}

const transport = new MemoryTransport();
transport.attach(new Sum());
for (const piece of ["1+", "2\r\n3", "0+12\r", "\nhi\r\n"]) {
  transport.remote.write(piece);
}
console.log(`answers: ${transport.text().trim().split("\r\n").join(", ")}`);
