/** The platform's own classes, whatever stands in their place later (globals.ts). */
export const PLATFORM: {
  readonly Request: typeof globalThis.Request;
  readonly Response: typeof globalThis.Response;
  readonly Headers: typeof globalThis.Headers;
} = { Request: globalThis.Request, Response: globalThis.Response, Headers: globalThis.Headers };
