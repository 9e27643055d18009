/** What may be said when: which half of the closing handshake is over, and whether a message is under way. */
export class Machine {
  /** This side said its last word; undefined: it did not. The code is 1005 for a Close frame without one. */
  sentClose: number | undefined = undefined;
  /** The peer's last word; 1006 if it went without one. */
  receivedClose: number | undefined = undefined;
  /** The peer broke the protocol: it is not listened to any more. */
  hasFailed = false;
  /** The message that is being sent in fragments. */
  sending: "text" | "binary" | undefined = undefined;

  /** Both sides said their last word, or nobody listens for the peer's. */
  get isOver(): boolean {
    return (this.receivedClose !== undefined || this.hasFailed) && (this.sentClose !== undefined || this.isLost);
  }

  /** The peer went without a Close frame: there is nobody to say a last word to. */
  get isLost(): boolean {
    return this.receivedClose === 1006;
  }

  get isListening(): boolean {
    return this.receivedClose === undefined && !this.hasFailed;
  }

  /** Messages and fragments, and frames of control. */
  get maySpeak(): boolean {
    return this.sentClose === undefined && !this.isLost;
  }
}
