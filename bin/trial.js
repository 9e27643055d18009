#!/usr/bin/env node
import "../dist/cli/trial/main.js";
