/** One address of one host. */
export interface NetworkInterface {
  /** The host's name. */
  readonly name: string;
  /** IP literal. */
  readonly host: string;
  readonly family: 4 | 6;
  /** Of its own in the simulation, from 0. */
  readonly id: number;
  /** The host's number, from 0. */
  readonly hostId: number;
  readonly isLoopback: boolean;
}
