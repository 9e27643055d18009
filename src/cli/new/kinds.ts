/** What `ropewalk new` can begin: a folder of templates/ for each. */
export const KINDS = ["plugin", "service", "protocol"] as const;

export type Kind = (typeof KINDS)[number];
