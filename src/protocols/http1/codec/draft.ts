/** What is known of a head while it is read. One for each connection, filled anew for each message. */
export class HeadDraft {
  method = "";
  /** Offsets count from the head's first byte, and are those of its text later. */
  targetStart = 0;
  targetEnd = 0;
  status = 0;
  reasonStart = 0;
  reasonEnd = 0;
  /** Of the version; all above 1 are 1. */
  minor = 1;
  /** Of each field the start and the end of its name and of its value. A new list for each head: its HeaderMap keeps it. */
  places: number[] = [];
  hosts = 0;
  hostStart = 0;
  hostEnd = 0;
  /** The value of Host, once it was checked. */
  host = "";
  /** -1 if there is none. */
  contentLength = -1;
  isChunked = false;
  saysClose = false;
  saysKeepAlive = false;
  saysUpgrade = false;
  hasUpgrade = false;
  expectsContinue = false;
  /** What is wrong with the line that was looked at, and the status that answers it; "" if nothing is. */
  problem = "";
  problemStatus = 0;

  begin(): void {
    this.minor = 1;
    this.places = [];
    this.hosts = 0;
    this.host = "";
    this.contentLength = -1;
    this.isChunked = false;
    this.saysClose = false;
    this.saysKeepAlive = false;
    this.saysUpgrade = false;
    this.hasUpgrade = false;
    this.expectsContinue = false;
    this.problem = "";
  }

  /** Notes a fault. Returns -1, which those who read lines return for "no whole line". */
  fault(status: number, problem: string): -1 {
    this.problem = problem;
    this.problemStatus = status;
    return -1;
  }
}
