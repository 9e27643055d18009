/** What can be said: a question, or the answer to one. */
export interface SampleMessage {
  readonly text: string;
}
