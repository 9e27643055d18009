/** The sample protocol, both sides. */
export { type AskSampleOptions, askSample } from "./client.ts";
export { encodeSampleMessage, SampleDecoder } from "./codec.ts";
export { LocalSampleError, RemoteSampleError } from "./errors.ts";
export type { SampleMessage } from "./events.ts";
export { SampleProtocol } from "./protocol.ts";
export { type SampleServerOptions, sampleServer } from "./server.ts";
