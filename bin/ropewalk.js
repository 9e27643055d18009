#!/usr/bin/env node
// Not in dist/: what a compiler writes is no program that can be started, and npx does not make it one again.
import "../dist/cli/main.js";
