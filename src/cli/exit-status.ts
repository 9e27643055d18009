/** All is well. */
export const DONE = 0;
/** It was asked for what can be done, and failed. */
export const FAILED = 1;
/** The command line is wrong. */
export const USAGE = 2;
/** EX_SOFTWARE of sysexits.h: the program itself is at fault. */
export const SOFTWARE = 70;
