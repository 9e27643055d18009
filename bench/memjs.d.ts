/** What the bench uses of npm's memcache client, which comes without types. */
declare module "memjs" {
  export class Client {
    static create(servers: string, options?: { readonly timeout?: number; readonly retries?: number }): Client;
    get(key: string): Promise<{ readonly value: Uint8Array | null }>;
    set(key: string, value: string | Uint8Array, options: { readonly expires?: number }): Promise<boolean>;
    close(): void;
  }
}
