/** The peer's answer is not what the service promises. */
export class RemoteWireError extends Error {
  override readonly name: string = "RemoteWireError";

  constructor(problem: string) {
    super(`Peer gave no valid answer: ${problem}`);
  }
}
