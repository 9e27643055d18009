import { Protocol, type Reactor } from "ropewalk";

/** Takes each number once; the forgetful one forgets what it took whenever a connection is lost. */
export class Taker {
  readonly taken: number[] = [];
  readonly #isForgetful: boolean;
  #last = 0;

  constructor(isForgetful: boolean) {
    this.#isForgetful = isForgetful;
  }

  buildProtocol(): Protocol {
    const take = (number: number): void => {
      if (number > this.#last) this.taken.push(number);
      this.#last = number;
    };
    const forget = (): void => {
      if (this.#isForgetful) this.#last = 0;
    };
    return new (class extends Protocol {
      override dataReceived(data: Uint8Array): void {
        for (const number of data) take(number);
        this.transport.write(data);
      }
      override connectionLost(): void {
        forget();
      }
    })();
  }
}

/** Tells the numbers up to `most`, each until it is answered, over a new connection whenever the old one is lost. */
export class Teller {
  next = 1;
  readonly #reactor: Reactor;
  readonly #most: number;

  constructor(reactor: Reactor, most: number) {
    this.#reactor = reactor;
    this.#most = most;
  }

  dial(host: string): void {
    const again = (): void => void this.#reactor.callLater(50, () => this.dial(host));
    const tell = (write: (data: Uint8Array) => void): void => {
      if (this.next <= this.#most) write(Uint8Array.of(this.next));
    };
    const heard = (number: number): boolean => {
      if (number === this.next) this.next += 1;
      return number === this.next - 1;
    };
    const reactor = this.#reactor;
    const conversation = class extends Protocol {
      override connectionMade(): void {
        tell((data) => this.transport.write(data));
      }
      override dataReceived(data: Uint8Array): void {
        if (heard(data.at(-1) ?? 0)) reactor.callLater(100, () => this.connectionMade());
      }
      override connectionLost(): void {
        again();
      }
    };
    reactor.connectTcp({ host, port: 7, timeoutMs: 1_000 }, () => new conversation()).addErrback(again);
  }
}
