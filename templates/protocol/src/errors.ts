/** The peer broke the protocol. */
export class RemoteSampleError extends Error {
  override readonly name: string = "RemoteSampleError";

  constructor(problem: string) {
    super(`Peer broke the sample protocol: ${problem}`);
  }
}

/** This side was asked to send what cannot be sent. */
export class LocalSampleError extends Error {
  override readonly name: string = "LocalSampleError";

  constructor(problem: string) {
    super(`Cannot send a sample message: ${problem}`);
  }
}
