#!/usr/bin/env node
import "../dist/cli/twistd/main.js";
