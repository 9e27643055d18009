/** What a form may be. Where there is more, reading it fails with an HttpError 413. */
export interface FormLimits {
  /** Parts of a multipart form, of all kinds. Default 1 000. */
  readonly maxParts: number;
  /** Default 1 000: ten times what people fill in, and few enough to search. */
  readonly maxFields: number;
  /** Of one field's value. Default 1 MiB. */
  readonly maxFieldBytes: number;
  /** Default 100. */
  readonly maxFiles: number;
  /** Of one file. Default 256 MiB: for streams, as nothing of it is kept. */
  readonly maxFileBytes: number;
  /** Of a part's head, beyond which its fields are passed over. Default 16 KiB, as for a request's own. */
  readonly maxHeaderBytes: number;
  /** Of all fields and files together that `readForm` keeps in memory. Default 4 MiB. */
  readonly maxKeptBytes: number;
}

/** Those that are meant to be others. */
export type SomeFormLimits = { readonly [K in keyof FormLimits]?: FormLimits[K] | undefined };

/** @throws RangeError for one that is no number from 0. */
export function formLimits(some: SomeFormLimits): FormLimits {
  const limits: FormLimits = {
    maxParts: some.maxParts ?? 1_000,
    maxFields: some.maxFields ?? 1_000,
    maxFieldBytes: some.maxFieldBytes ?? 1_048_576,
    maxFiles: some.maxFiles ?? 100,
    maxFileBytes: some.maxFileBytes ?? 268_435_456,
    maxHeaderBytes: some.maxHeaderBytes ?? 16_384,
    maxKeptBytes: some.maxKeptBytes ?? 4_194_304,
  };
  for (const [name, value] of Object.entries(limits)) {
    if (!(value >= 0)) throw new RangeError(`Cannot read a form with ${name} ${value}: it is a number from 0`);
  }
  return limits;
}
